"""What is personal data and what only looks like it. All of it is made up: the check digits were
computed apart from limbeck's code, by the definitions in their standards."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.filters.pii import KINDS, find_pii

KEY = "Zq7" + "m4Xw9Lb2Rt6Yp1Kd8Vc3Nh5Js0Gf7Qa2We4"  # 39 characters, drawn by hand

# The text, with what is to be found between ⟦ and ⟧, and its kind.
YES = [
    ("email", "Write to ⟦anna.lind@posteo.de⟧ today."),
    ("email", "<⟦o_k+news@mail.uni-graz.at⟧>, or not"),
    ("email", "mailto:⟦ines@casa.pt⟧?subject=hi"),
    ("email", "⟦JOSÉ@correo.es⟧."),
    ("email", "请发到⟦zhang.wei@qq.com⟧。谢谢"),
    ("email", "⟦用户@例子.公司⟧"),
    ("email", "⟦ｍｅｉ＠ｍａｉｌ．ｊｐ⟧"),
    ("email", "البريد ⟦sami@barid.ma⟧ شكرا"),
    ("email", "`⟦a@b.io⟧`, **⟦c@d.io⟧**"),
    ("email", "He wrote to ⟦kim@posta.hu⟧.Then he left."),
    ("phone", "Reach me at ⟦+49 30 9018 2043⟧."),
    ("phone", "⟦+1 (617) 248-9071⟧"),
    ("phone", "⟦+44 (0)20 7234 9981⟧ ext 3"),
    ("phone", "tel:⟦+33698412075⟧"),
    ("phone", "⟦0049 30 9018 2043⟧"),
    ("phone", "⟦+91 98204 31675⟧ 电话"),
    ("phone", "⟦+86 138 0571 6624⟧"),
    ("phone", "Call ⟦617-248-9071⟧ or ⟦617.248.9072⟧"),
    ("phone", "(617) is not enough, ⟦(617) 248-9071⟧ is"),
    ("phone", "1-800 is not, ⟦1-800-248-9071⟧ is"),
    ("phone", "⟦020 7234 9981⟧ is in London"),
    ("phone", "⟦07911 842650⟧, help:⟦08457909090⟧"),
    ("phone", "⟦01 47 20 93 58⟧ ou ⟦06.98.41.20.75⟧"),
    ("phone", "Berlin ⟦030/9018204⟧"),
    ("phone", "東京は⟦03-5253-8107⟧です"),
    ("phone", "⟦010-5842-9037⟧ 전화"),
    ("phone", "⟦138-0571-6624⟧"),
    ("phone", "手机号：⟦13805716624⟧"),
    ("phone", "São Paulo ⟦(11) 98204-3167⟧"),
    ("phone", "Звоните ⟦8 (495) 903-27-18⟧"),
    ("phone", "llame al teléfono ⟦612 904 381⟧"),
    ("phone", "هاتف: ⟦٠١٢ ٣٩٤٨ ٧٧٥٠⟧"),
    ("phone", "โทร ⟦๐๘๑-๙๔๐-๓๗๒๖⟧"),
    ("phone", "फ़ोन: ⟦९८२०४ ३१६७५⟧"),
    ("phone", "ＴＥＬ：⟦０３－５２５３－８１０７⟧"),
    ("phone", "my phone is ⟦6172489071⟧ (10 a.m.)"),
    ("card", "⟦4539 0099 8877 6657⟧"),
    ("card", "pay with ⟦4539009988776657⟧ please"),
    ("card", "⟦5423-1100-9988-7767⟧"),
    ("card", "⟦378299001122334⟧"),
    ("card", "⟦3782 990011 22334⟧"),
    ("card", "⟦6011009988776618⟧"),
    ("card", "⟦3530 1199 8877 6622⟧"),
    ("card", "卡号⟦6225880077665504⟧"),
    ("card", "⟦2223009988776652⟧"),
    ("card", "Diners card ⟦30560099887710⟧"),
    ("iban", "IBAN: ⟦GB90 MIDL 4005 1522 3344 55⟧."),
    ("iban", "⟦DE44500105175407324931⟧"),
    ("iban", "⟦FR76 3000 6000 0112 3456 7890 189⟧ BIC"),
    ("iban", "⟦NO93 8601 1117 947⟧ THANKS"),
    ("iban", "⟦MT84 MALT 0110 0001 2345 MTLC AST0 01S⟧"),
    ("iban", "⟦BR1800360305000010009795493C1⟧"),
    ("us_ssn", "⟦536-90-4399⟧"),
    ("us_ssn", "SSN ⟦536904399⟧; social security number: ⟦536 90 4398⟧"),
    ("cn_id", "身份证号⟦11010519491231002X⟧"),
    ("cn_id", "⟦440106199903073371⟧，"),
    ("br_cpf", "⟦529.982.247-25⟧"),
    ("br_cpf", "CPF ⟦28625587887⟧"),
    ("in_aadhaar", "Aadhaar: ⟦4991 1866 5246⟧"),
    ("in_aadhaar", "आधार ⟦७३६४ ८२०१ ९५७९⟧"),
    ("es_dni", "DNI ⟦50112233V⟧"),
    ("es_dni", "NIE ⟦X7654021N⟧, ⟦Z-3300112-P⟧"),
    ("fr_nir", "n° ⟦1 85 05 78 006 084 91⟧"),
    ("fr_nir", "⟦185052A00412356⟧"),
    ("de_tax_id", "Steuer-ID ⟦86 095 742 719⟧"),
    ("de_tax_id", "IdNr. ⟦65929970489⟧"),
    ("ip", "from ⟦91.203.144.27⟧:8080"),
    ("ip", "⟦2a02:8109:9a40:1b2c::7f⟧"),
    ("ip", "host ⟦2003:e8:2f0a:4400:1c2d:3e4f:5a6b:7c8d⟧ up"),
    ("login", "https://⟦marta:tr0ub4dor⟧@db.host.se/x"),
    ("login", "postgres://⟦app:h8Kq-2z⟧@10.0.0.3:5432/live"),
    ("secret", f"token ⟦ghp_{KEY[:36]}⟧"),
    ("secret", f"export OPENAI_API_KEY=⟦sk-proj-{KEY}⟧"),
    ("secret", "aws ⟦AKIAQ7MXZ4LBRTYPK2DV⟧"),
    ("secret", f"AIza is not, ⟦AIza{KEY[:35]}⟧ is"),
    ("secret", f"⟦hf_{KEY[:34]}⟧"),
    ("secret", f"stripe: ⟦sk_live_{KEY[:24]}⟧"),
    ("secret", "⟦xoxb-710384926105-Zq7m4Xw9Lb2Rt6Yp⟧"),
    ("secret", f"Bearer ⟦eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI5MDcxNCJ9.{KEY}⟧"),
    (
        "secret",
        f"⟦-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n{KEY}\n-----END RSA PRIVATE KEY-----⟧\n",
    ),
]

NO = [
    # e-mail
    "test@test, @property, a @ b.com, x@y.z, @handle.bsky",
    "jane@example.com, bob@mail.example.org, x@shop.test, me@localhost.localdomain.invalid",
    "your.name@yourdomain.com",
    "icon@2x.png and react@18.2.0 and lodash@4.17.21",
    "c = a@b.sum() + w@x.mean(0)",
    "git@github.com:org/repo.git",
    "https://medium.com/@writer/title",
    "Just show msg+ticket@kiosk.Valid until May",
    "a..b@c.de",
    "x@-a.com x@a-.com",
    # numbers that count something
    "In 1999-2003 and 1852-1908, (1867-1934) or 2001/2002",
    "on 05-06-2003 04:30, 2003/06/05 and 05.06.2003 12.30",
    "The sum of 12345678 and 87654321 is 99999999.",
    "617 248 9071 people, 10 000 000 more, 1.234.567,89 EUR",
    "x = 4539009988 * 7766, y = 3.14159265358979",
    "(102.0-21.0)/9.0 = 9.0 and 1800-1620 = 180",
    "1 2 3 4 5 6 7 8 9 10 11 12",
    "01 02 03 04 05, 05 10 15 20 25, 01 10 11 01 00",
    "0.09999999999999998 and 0.1 0.2 0.3 0.4 0.5 0.6 0.7",
    "3141592653589793238462643383279502884197",
    "The 16 digits 1234567890123452 pass Luhn's check",
    "9999009988776659 passes Luhn's check, no card begins so",
    "4539009988776658 does not pass it",
    "4539 00998 8776657 1",
    "45390099887766570 has one digit too many",
    "computed 4539009988776657.5 and $4539009988776657",
    "13000000000 yuan, 15000000000 more",
    "二〇二四年产量13805716624吨",
    "timestamps 1690809121 and 1690809121972",
    "2023-07-31 23:51:50.972648",
    "population 1,428,627,663; GDP 17734062645371",
    # books, goods, places
    "ISBN 0306406152, ISBN-13: 978-0-306-40615-7, 9780306406157",
    "ISBN 0-306-40615-2 and ISSN 0378-5955",
    "doi 10.1101/170556 and https://doi.org/10.48550/arXiv.1706.03762",
    "ZIP 02139-4307, 90210-1234",
    "EAN 4006381333931, SKU 0123-4567-890",
    "https://stackoverflow.com/questions/1890203/unique-for-arrays",
    "https://www.npr.org/2011/06/18/137249264/organic",
    "commit 00046426483cdbd28a73a1f3f3c8b7f3",
    "uuid 550e8400-e29b-41d4-a716-446655440000",
    "arXiv:2203.11171, RFC 5321, ISO 13616",
    "coordinates 48.8566, 2.3522; 35.97333°N",
    # telephone numbers of nobody
    "(555) 010-4477, 555-0123, 617-555-0142, +1 617 555 0199",
    "123-456-7890, (123) 456-7891, 000-000-0000, 555-555-5555",
    "1-800-555-5555 and 1-800-MY-APPLE",
    "020 7946 0958, 01632 960123, 07700 900461, +44 7700 900461",
    "01 99 00 12 34, +33 6 39 98 40 11",
    "0123456789 and 9876543210",
    "+12345678900, +0000000000, ++49",
    "call me in 1999 or 2000, at 10:30",
    "recalled 6172489071 of them",
    # cards and accounts that are published
    "4111 1111 1111 1111, 4242424242424242, 378282246310005",
    "GB82 WEST 1234 5698 7654 32, DE89 3704 0044 0532 0130 00",
    "GB91 MIDL 4005 1522 3344 55 has wrong check digits",
    "DE44 5001 0517 5407 3249 3 is too short",
    "XX44500105175407324931 is no country",
    # states' numbers
    "123-45-6789, 000-12-3456, 666-12-3456, 912-12-3456, 078-05-1120, 536-00-1234",
    "536904399 and 536 90 4399",
    "110105194912310021 and 110105194913310020",
    "529.982.247-26, 111.111.111-11, 52998224725",
    "4991 1866 5246 seats; Aadhaar 4991 1866 5247",
    "12345678Z, 50112233A, X7654021A, 50112233",
    "1 85 05 78 006 084 92, 185137800608491",
    "86 095 742 719 inhabitants; Steuer-ID 86 095 742 718",
    # addresses of machines
    "127.0.0.1, 10.0.0.1, 192.168.100.200, 172.16.254.100, 169.254.169.254, 255.255.255.0",
    "192.0.2.146, 198.51.100.123, 203.0.113.195, 224.0.0.251, 100.64.100.200",
    "version 91.203.144.27, v91.203.144.27, Flash 28.0.0.137, 1.2.3.4, 8.8.8.8",
    "91.203.144.270, 91.203.144.27.5, 1.91.203.144.27.5",
    "section 12.104.103.102 and 版本 91.203.144.27",
    "::1, fe80::1ff:fe23:4567:890a, 2001:db8::8a2e:370:7334, 12:30:45:10:20:30:40:50",
    "std::vector<int>::iterator, a[::2], beef::cafe, 2:10:20:30",
    # secrets of nobody
    "https://user:password@host.com, https://host:8080/a@b",
    "https://user:<token>@host.com, https://u:${PW}@host.com, ftp://me:xxxx@h.org",
    "AKIAIOSFODNN7EXAMPLE, AKIAXXXXXXXXXXXXXXXX",
    "sk-xxxxxxxxxxxxxxxxxxxxxxxx, sk-your-api-key-goes-right-here1, sk-1234567890abcdef1234",
    "class sk-fading-circle-child-element-wrapper",
    "ghp_" + "a1" * 18,
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----\n" + KEY * 2 + "\n-----END PUBLIC KEY-----",
    "eyJhbGciOiJIUzI1NiJ9 is a header",
    "sk_test_" + KEY[:24],
    # no text at all
    "",
    "@",
    "\ud800@\udfff.\ud800",
    "的一是不了人我在有他这为之大来以个中上们",
]


@pytest.mark.parametrize(("kind", "marked"), YES)
def test_it_is_found_where_it_stands(kind: str, marked: str) -> None:
    expected, text = [], ""
    for part in marked.split("⟧"):
        before, bracket, inside = part.partition("⟦")
        text += before
        if bracket:
            expected.append((kind, len(text), len(text) + len(inside), inside))
        text += inside
    assert expected
    assert [tuple(found) for found in find_pii(text)] == expected


@pytest.mark.parametrize("text", NO)
def test_it_is_left_alone(text: str) -> None:
    assert find_pii(text) == []


def test_every_kind_has_an_example_and_both_lists_are_long() -> None:
    assert {kind for kind, _ in YES} == set(KINDS)
    assert min(len(YES), len(NO)) >= 60


def test_the_number_inside_another_is_not_found_again() -> None:
    # The IBAN's digits are grouped as a card's might be, and the login looks like an address.
    text = "DE44 5001 0517 5407 3249 31 and ftp://eva:geheim77@files.uni-ulm.de"
    assert [(found.kind, found.text) for found in find_pii(text)] == [
        ("iban", "DE44 5001 0517 5407 3249 31"),
        ("login", "eva:geheim77"),
    ]


def test_several_kinds_come_in_the_order_of_the_text() -> None:
    text = "91.203.144.27, kim@posta.hu, 617-248-9071, ida@posta.hu"
    assert [found.kind for found in find_pii(text)] == ["ip", "email", "phone", "email"]


@pytest.mark.parametrize("zero", "٠۰०০๐０")
def test_digits_of_every_script_count(zero: str) -> None:
    written = "".join(
        chr(ord(zero) + int(char)) if char.isdigit() else char for char in "+49 30 9018 2043"
    )
    assert [(f.kind, f.text) for f in find_pii(f"☎ {written}")] == [("phone", written)]


@given(st.text(alphabet="+-. ()/0123456789@:abxXkeyJ_\n٣９", max_size=80))
def test_finds_are_in_order_apart_and_say_what_stands_there(text: str) -> None:
    end = 0
    for found in find_pii(text):
        assert end <= found.start < found.end <= len(text)
        assert found.text == text[found.start : found.end]
        end = found.end


@given(st.sampled_from(YES), st.text(max_size=30), st.text(max_size=30))
def test_what_stands_on_other_lines_makes_no_difference(
    case: tuple[str, str], before: str, after: str
) -> None:
    kind, marked = case
    text = marked.replace("⟦", "").replace("⟧", "")
    count = sum(found.kind == kind for found in find_pii(text))
    around = f"{before}\n\n\n{text}\n\n\n{after}"
    assert sum(found.kind == kind for found in find_pii(around)) >= count


def test_sixteen_digits_without_a_prefix_are_no_card() -> None:
    drawn = random.Random(4)
    for _ in range(2000):
        number = drawn.choice("01789") + "".join(drawn.choices("0123456789", k=15))
        assert all(found.kind != "card" for found in find_pii(f"It is {number} in all."))
