"""How an assistant declines to answer, and how it speaks of itself, in the languages most written.

Patterns, not a model: they find what assistants are known to say, and nothing else. A refusal
counts at the start of a text only, where an answer would begin; boilerplate counts anywhere.
"""

from __future__ import annotations

import re

# How an assistant declines, at the start of a completion. "I'm sorry to hear that" is sympathy,
# "I cannot help but admire" is praise and "Sorry, I can't come to your party" is a letter: every
# pattern needs the verb, and mostly the object, by which an answer is withheld.
_SORRY = (
    r"(?:(?:i(?:['’]m| am)|we(?:['’]re| are)) (?:\w+ )?(?:sorry|afraid)|"
    r"sorry|unfortunately|my apologies|i apologi[sz]e)"
)
_CANNOT = (
    r"(?:can(?:['’]t|not| not)|won['’]t|will not|"
    r"(?: ?am|['’]m|['’]re| ?are) (?:not able|unable|not allowed|not permitted|not comfortable))"
    r"(?: (?:to|directly|currently|ethically|in good conscience))*"
)
_WITH = (
    r"(?:help|assist)(?:ing)?(?: you| anyone)?(?: further)?"
    r"(?: ?[.,!;—–]| with\b| in\b| by\b| there\b|\s*$)"
)
_GIVE = (
    r"(?:(?:answer|respond|provid|creat|generat|writ|produc|discuss|engag|support|offer|giv|shar|"
    r"continu|participat|complet|process|predict|express|endors|recommend)(?:e|ing)?|"
    r"fulfil+|do that|do this|"
    r"(?:access|browse|open|view|see)\b[^.,\n]{0,20}\b"
    r"(?:images?|pictures?|photos?|files?|links?|attachments?|documents?|websites?|web|internet|"
    r"urls?|accounts?|data))"
)
_ASKED = (
    r"(?:request|question|topic|content|information|instructions|advice|guidance|assistance|"
    r"harmful|illegal|opinions?)"
)
_AI = r"(?:ai|artificial intelligence|(?:large )?language model|(?:virtual|digital) assistant)"
_ENGLISH = [
    rf"{_SORRY}[,.!—–:;]*(?: but| that|,)* ?(?:as an? [^.,\n]{{1,40}}, ?)?"
    rf"(?:i ?{_CANNOT} (?:{_WITH}|comply\b|{_GIVE}\b)|we ?{_CANNOT} (?:{_WITH}|comply\b))",
    rf"as an? {_AI}\b[^.\n]{{0,60}}, ?(?:i|we) ?(?:{_CANNOT}|do not have|don['’]t have)\b",
    rf"(?:i|we) ?{_CANNOT} (?:{_WITH}|comply\b|fulfil+ (?:that|this|your|the)\b)",
    rf"i ?{_CANNOT} {_GIVE}\b[^.\n]{{0,60}}\b{_ASKED}\b",
    rf"i ?{_CANNOT} (?:do|answer|discuss|write|create) (?:that|this)(?: ?[.,!]|\s*$)",
    r"i (?:must|have to|will)(?: \w+ly)? (?:decline|refuse)"
    r"(?: ?[.,!]|\s*$| to (?:help|assist|answer|provide|write|engage|comply|participate)|"
    r" (?:this|that|your|the) request)",
]
_OTHER = [
    # Chinese, Japanese, Korean
    r"(?:很?抱歉|对不起|對不起|非常抱歉|不好意思)[，,。！!]?(?:但|但是)?(?:作为[^，,。]{0,20}[，,])?"
    r"(?:我|您的请求)?(?:无法|無法|不能|不可以|没有办法|沒有辦法)[^，,。！!\n]{0,12}(?:[协協]助|提供|回答|[满滿]足|"
    r"[帮幫]助|[帮幫][您你]|完成|生成|[创創]建|[编編][写寫]|[写寫]|[讨討][论論]|[访訪][问問]|[处處]理|[执執]行|透露|"
    r"[继繼][续續]|参与|參與|支持|[这這][样樣]做|被?[满滿]足)",
    r"(?:我)?(?:无法|無法|不能)(?:协助|協助|提供|回答|满足|滿足|帮助|幫助|完成)(?:您|你|这|這|该|該|此)",
    r"作为(?:一个|一名|一款)?(?:AI|人工智能|大?语言模型)[^。\n]{0,30}(?:无法|不能)",
    r"(?:申し訳(?:ありません|ございません)|すみません)[^。\n]{0,40}"
    r"(?:お手伝い|お答え|回答|提供|ご要望|対応|支援|作成)[^。\n]{0,12}(?:できません|できかねます|いたしかねます)",
    r"죄송(?:합니다|하지만)[.,]?[^.\n]{0,40}(?:도와|도움|답변|제공|응답|작성|수행|지원)[^.\n]{0,12}"
    r"수 ?(?:가 )?없습니다",
    # French, German, Spanish, Portuguese, Italian
    r"(?:je suis )?(?:vraiment )?désolée?,? ?(?:mais )?je ne (?:peux|suis pas en mesure|pourrai)"
    r"[^.\n]{0,20}\b(?:aider|assister|fournir|répondre|donner|créer|écrire|rédiger|faire cela|"
    r"satisfaire|générer|accéder|proposer|discuter)\b",
    r"(?:es )?tut mir (?:sehr |wirklich )?leid,? ?(?:aber )?(?:ich |das |dabei )?(?:kann|darf)"
    r"[^.\n]{0,60}\b(?:helfen|weiterhelfen|beantworten|antworten|bereitstellen|unterstützen|"
    r"erfüllen|schreiben|erstellen|geben|nachkommen|zugreifen)\b",
    r"ich kann (?:ihnen |dir )?(?:dabei|bei dieser anfrage|damit) (?:leider )?nicht "
    r"(?:helfen|weiterhelfen)",
    r"lo siento,? ?(?:pero )?(?:como (?:una? )?(?:ia|modelo|inteligencia|asistente)|"
    r"(?:no puedo|no me es posible)[^.\n]{0,20}\b(?:ayudar\w*|asistir\w*|proporcionar\w*|"
    r"responder|cumplir|ofrecer\w*|generar|crear|escribir|dar\w*|hacer eso|participar|acceder|"
    r"completar))\b",
    r"(?:sinto muito|desculpe|lamento),? ?(?:mas )?(?:eu )?não (?:posso|consigo)[^.\n]{0,20}\b"
    r"(?:ajudar\w*|auxiliar|fornecer|responder|cumprir|oferecer|gerar|criar|escrever|dar|"
    r"fazer isso|participar|acessar|atender)\b",
    r"mi dispiace,? ?(?:ma )?non (?:posso|sono in grado)[^.\n]{0,20}\b(?:aiutar\w*|assister\w*|"
    r"fornir\w*|risponder\w*|soddisfare|generare|creare|scrivere|dar\w*|farlo|accedere)\b",
    # Russian, Arabic
    r"(?:к сожалению|извините|простите),? ?(?:но )?я не (?:могу|в состоянии)[^.\n]{0,25}\b"
    r"(?:помочь|помогать|ответить|отвечать|предоставить|предоставлять|выполнить|написать|"
    r"создать|дать|обсуждать|поддержать)\b",
    r"(?:عذرًا|عذرا|آسف|أعتذر)[،,]? ?(?:لكن |ولكن )?(?:لا أستطيع|لا يمكنني) ?"
    r"[^.،\n]{0,15}(?:مساعد|المساعد|تقديم|الإجاب|توفير|كتاب|إنشاء|تلبي|تنفيذ|الرد)",
]
_LEAD = r"""[\s"'“«(*_>#-]*(?:(?:oh|well|hello|hi|thank you[^.!\n]{0,40})[,.! ]{1,3})?"""
REFUSAL = re.compile(rf"{_LEAD}(?:{'|'.join(_ENGLISH + _OTHER)})", re.IGNORECASE)

_THEN = r"(?:\s*(?:[,.;:!—–-]|$)|\s+(?:i|trained|developed|created|made|designed|by|without|and)\b)"
BOILERPLATE = {
    "English": (
        rf"\b(?:as|i(?:['’]m| am)(?: just| only| simply| merely)?) an? (?:[\w-]+ ){{0,2}}?{_AI}"
        rf"(?: (?:language )?(?:model|assistant|chatbot|system|program))?{_THEN}"
    ),
    "German": (
        r"\b(?:als|ich bin(?: nur)?) (?:eine? )?(?:reines? |großes )?"
        r"(?:ki|künstliche intelligenz|sprachmodell)\b"
    ),
    "French": (
        r"\b(?:en tant qu(?:e |['’])|je (?:ne )?suis (?:qu['’])?)(?:une? )?(?:simple |grand )?"
        r"(?:ia|intelligence artificielle|modèle de langage|assistant (?:ia|virtuel))\b"
    ),
    "Spanish": (
        r"\b(?:como|soy)(?: solo| sólo)?(?: una?)? (?:gran )?"
        r"(?:ia|inteligencia artificial|modelo de lenguaje|asistente (?:virtual|de ia))\b"
    ),
    "Portuguese": (
        r"\b(?:como|sou)(?: apenas)?(?: uma?)? (?:grande )?"
        r"(?:ia|inteligência artificial|modelo de linguagem|assistente (?:virtual|de ia))\b"
    ),
    "Italian": (
        r"\b(?:(?:in quanto|come)|sono)(?: solo)?(?: una?| un['’])? ?(?:grande )?"
        r"(?:ia|intelligenza artificiale|modello (?:linguistico|di linguaggio)|"
        r"assistente virtuale)\b"
    ),
    "Russian": (
        r"\b(?:как|я)(?: всего лишь|,? будучи)?[ —–-]+"
        r"(?:ии|искусственный интеллект|(?:большая )?языковая модель)\b"
    ),
    "Arabic": (
        r"(?:بصفتي|باعتباري|كوني|ك|أنا(?: مجرد)?) ?(?:نموذج(?:ا|ًا)?(?: لغو\w*| لغة)|"
        r"ذكاء(?:ً|ا|اً|ًا)? ?اصطناعي|مساعد(?:ا|ًا)? (?:ذكي|افتراضي)|نظام(?:ا|ًا)? ذكاء)"
    ),
    "Hindi": (
        r"(?:एक )?(?:ए ?आई|ai|कृत्रिम बुद्धिमत्ता|भाषा मॉडल)"
        r"(?: (?:भाषा )?(?:मॉडल|सहायक))? (?:के रूप में|होने के नाते)"
    ),
    "Chinese": (
        r"(?:作[为為]|身[为為]|我(?:只|仅仅|僅僅)?是)(?:一[个個名款位种種])?(?:由[^，。,\n]{1,20}的)?(?:大型)?"
        r"(?:ai|人工智[能慧]|[语語]言模型|大模型|[虚虛][拟擬]助手)"
    ),
    "Japanese": (
        r"(?:ai|人工知能|(?:大規模)?言語モデル)(?:言語モデル|アシスタント|モデル)?として|"
        r"(?:私|わたし)は、?(?:単なる)?(?:ai|人工知能|(?:大規模)?言語モデル)"
    ),
    "Korean": (
        r"(?:ai|인공 ?지능|(?:대규모 )?언어 ?모델)"
        r"(?: (?:언어 )?모델| 어시스턴트| 비서)?(?:로서|으로서)|"
        r"(?:저는|나는) (?:단지 )?(?:ai|인공 ?지능|언어 ?모델)"
    ),
}
"""How an assistant says that it is one, by language: anywhere in a text, in any case."""

_BOILERPLATE = re.compile("|".join(f"(?:{one})" for one in BOILERPLATE.values()), re.IGNORECASE)


def is_refusal(text: str) -> bool:
    """Whether a text opens by declining to answer (thirteen languages)."""
    return REFUSAL.match(text) is not None


def is_boilerplate(text: str) -> bool:
    """Whether a text says anywhere that its author is an AI ("As an AI language model, ..."):
    twelve languages. A role that somebody else has ("as an AI researcher") does not count."""
    return _BOILERPLATE.search(text) is not None
