"""A cry for help is heard in any of the three languages, however it's typed; what only sounds like one is not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.distress import Distress, load_distress
from models.lessons import LANGUAGES, ContentError, Fault

LOCALES = Path(__file__).parents[2] / "locales"
DISTRESS = load_distress(LOCALES, LANGUAGES)

CRIES = {
    "kk": """
        Көмектесіңіздер!
        көмектесіңізші, өтінемін
        комектесиниздер
        Komektesinizder!!!
        kómektesińizder
        Біреу көмектесіңіздерші, тезірек
        Маған көмек керек
        Құтқарыңыз
        мені құтқарыңыздаршы бұл адамнан
        Мен қорқамын
        Қорқып отырмын, өтінемін
        мен жүргізушіден қатты қорқып отырмын
        Ол мені жібермей жатыр
        мени машинадан тусирмейди
        Мені көліктен шығармай отыр не істейін
        машинадан шыға алмай отырмын
        Есікті құлыптап алды
        Жүргізуші есіктерді бұғаттап тастады
        есикти жауып алды ашпай жатыр
        Біреу соңымнан қалмай келеді
        Ол мені аңдып жүр
        мені қуып келе жатыр
        Маған тиісіп отыр
        маған тиісе берді, тоқтамайды
        Аяғымды сипалап отыр
        Мені зорламақ
        Мені ұрып жатыр!
        Ол мені өлтіремін деп қорқытып отыр
        пышағы бар
        Өмірім қауіпте
        Мені белгісіз жаққа алып бара жатыр
        Өлгім келеді
        өмір сүргім келмейді енді
        Өзіме қол жұмсағым келеді
        Полиция шақырыңыздар, өтінем
        112-ге қоңырау шалыңызшы
    """,
    "ru": """
        Помогите
        ПОМОГИТЕ!!!!!
        помогииииите пожааалуйста
        Pomogite
        pomogite pozhaluista
        п о м о г и т е
        Помогите! Он едет не туда
        памагите
        кто-нибудь, помогите мне
        Спасите меня, пожалуйста, он пьяный
        На помощь!
        Мне страшно
        я боюсь
        Мне очень страшно, он свернул на какую-то дорогу
        Я боюсь этого человека, боюсь водителя
        Он меня не выпускает
        водитель не выпускает меня из машины
        не могу выйти из машины, ручки нет
        Он заблокировал двери
        Он закрыл двери и едет дальше
        таксист запер дверь что делать
        Меня везёт не туда, за город
        Меня похитили
        Он идёт за мной от машины
        за мной кто-то следит
        Меня преследует водитель, стоит у подъезда
        Он меня трогает
        водитель лапает меня
        Он пристаёт ко мне прямо сейчас
        он пытается меня поцеловать
        Меня бьют
        Он меня душит
        Он угрожает убить меня
        у него нож
        Он сказал, что убьёт меня
        Я в опасности
        Хочу умереть
        я больше не хочу жить
        Думаю о самоубийстве
        Вызовите полицию, пожалуйста
        Он кричит. Вызовите полицию!
        сос
    """,
    "en": """
        Help me!
        HELP ME PLEASE
        heeeelp meeee
        h e l p m e
        please somebody help me
        Somebody help, I don't know where we are
        I need help right now
        I'm so scared
        I’m afraid of him
        im scared of the driver
        He won't let me out
        he wont let me out of the car
        The driver is not letting me out
        He refuses to let me leave
        I can't get out of the car
        He locked the doors
        the driver has locked the doors and keeps driving
        I'm locked in his car
        He is following me
        someone's following me home
        He's touching me
        he keeps touching my leg
        The driver is trying to kiss me
        he just hit me
        I am being kidnapped
        He's taking me somewhere else, not home
        He says he will kill me
        The driver is threatening me
        he has a knife
        My life is in danger
        I don't feel safe in this car
        I want to die
        I'm going to kill myself
        I am thinking about suicide
        SOS
        S.O.S.
        sos sos sos
        112
        112!!!
        🆘
        call the police please
        Please call 112, he is drunk and won't stop the car
    """,
}
NO_CRIES = {
    "kk": """
        Көмек
        көмек туралы мәлімет
        Көмектесіңізші, сертификатты қалай аламын?
        Тестпен көмектесе аласыз ба
        Көмегіңізге рақмет
        Сабақты қалай бастаймын?
        Мен қорқамын деген жолаушыға не айту керек?
        Тесттен өте алмаймын ба деп қорқамын
        Қорқынышты ештеңе болған жоқ
        Жүргізуші кешігіп келді
        Есікті қатты жауып кетті
        Есіктерді құлыптау дұрыс па
        Маған не істеу тиіс екенін түсінбедім
        Тиісті түймені таба алмадым
        Мені жұмыстан қуып жіберді
        Мені полиция тоқтатты, құжат сұрады
        Қауіпсіздік белбеуін тағу керек
        Мен қауіпсіз жерге тоқтаймын
        Ол мені үйге дейін жеткізді
        Такси артымнан келе жатыр
        Жолаушы телефонын ұмытып кетті
        112 ABC 02
        Өмірім бойы жүргізуші болып істедім
        Айжан Серікқызы
    """,
    "ru": """
        Помощь
        помощь по сертификату
        Помогите разобраться с тестом
        Помогите, пожалуйста, найти мой код
        Помогите мне сменить язык
        Спасибо за помощь
        Спасибо!
        Как прийти на помощь пассажиру?
        Мне не страшно
        Мне страшно интересно, сколько уроков
        Боюсь опоздать на семинар
        Боюсь, что перепутала номер машины
        Пассажир боится собак
        Водитель закрыл дверь и уехал с моим телефоном
        Двери закрываются автоматически
        Таксист не выпускает пассажира: что говорит закон
        Как быть, если пассажир не хочет выходить
        Меня хватает на два урока в день
        Такси уже едет за мной
        Следующий урок про личное пространство
        Он смотрел на меня в зеркало всю дорогу
        Он грубил и курил
        В прошлом месяце водитель трогал меня за плечо
        Нож для хлеба забыл в машине
        Безопасность пассажира
        Ремень безопасности заклинило
        Умереть со смеху можно
        Что делать, если пассажир угрожает водителю?
        Сосновская Мария
        112ABC02
        102
        Нужно ли вызывать полицию, если пассажир пьян?
    """,
    "en": """
        help
        Help
        HELP!
        help menu
        Help now
        Help me understand the second question
        Can you help me with the certificate?
        Please help me to change the language
        Thanks for your help
        I'm afraid I pressed the wrong button
        I am afraid that my code is lost
        I was never scared
        He is not following the route
        Which lesson is following this one?
        Following the rules is easy
        The doors lock by themselves
        He didn't say thank you
        Let me in, the link does not work
        I can't get out of this menu
        He touched the mirror
        A touching lesson
        My wife will kill me if I fail the test
        This question is killing me
        I would die for a coffee
        Dying to see the results
        When should a driver call the police?
        Do I call 112 or 102?
        A112BC
        112 questions
        Sosan Helpman
        What is harassment?
        The driver talked about his private life
        He asked for my number and winked
    """,
}


def lines(texts: dict[str, str]) -> list[str]:
    return [line.strip() for text in texts.values() for line in text.strip().splitlines()]


@pytest.mark.parametrize("text", lines(CRIES))
def test_a_cry_is_heard(text: str) -> None:
    assert DISTRESS.cries(text)


@pytest.mark.parametrize("text", lines(NO_CRIES))
def test_what_only_sounds_like_a_cry_is_none(text: str) -> None:
    assert not DISTRESS.cries(text)


def test_the_tests_hold_many_messages_in_each_language() -> None:
    for texts in (CRIES, NO_CRIES):
        assert len(set(lines(texts))) >= 60
        assert all(len(text.strip().splitlines()) >= 20 for text in texts.values())


KAZAKH_ON_A_RUSSIAN_KEYBOARD = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")
LOOK_ALIKE = str.maketrans("аеорухАЕОРХ", "aeopyxAEOPX")
WHOLE_CRIES = sorted(lines(CRIES))


def stretched(text: str) -> str:
    return "".join(sign * 3 if sign.isalpha() else sign for sign in text)


@pytest.mark.parametrize(
    "typed",
    [
        str.upper,
        str.lower,
        lambda text: text.translate(KAZAKH_ON_A_RUSSIAN_KEYBOARD),
        lambda text: text.translate(LOOK_ALIKE),
        lambda text: f"😭😭 {text} 😭",
        lambda text: "\u200b".join(text),
        lambda text: text.replace("'", "’"),
    ],
    ids=["capitals", "small", "russian keyboard", "look-alikes", "emoji", "zero width", "apostrophe"],
)
def test_a_cry_is_heard_however_it_is_typed(typed: Callable[[str], str]) -> None:
    missed = [text for text in WHOLE_CRIES if not DISTRESS.cries(typed(text))]
    assert missed == []


def test_stretched_letters_are_one_letter_and_digits_are_not() -> None:
    spelled_out = {"п о м о г и т е", "h e l p m e", "S.O.S."}
    missed = [text for text in WHOLE_CRIES if not DISTRESS.cries(stretched(text))]
    assert set(missed) == spelled_out
    assert not DISTRESS.cries("12")
    assert not DISTRESS.cries("1112")


@pytest.mark.parametrize(
    "text",
    [
        "on menya ne vypuskaet",
        "mne strashno",
        "hochu umeret",
        "khochu umeret'",
        "on zablokiroval dveri",
        "za mnoi sledyat",
        "meni zhibermei jatyr",
        "meni jibermey otyr",
        "qorqyp otyrmyn",
        "korkyp otyrmyn",
        "qutqarynyzdar",
        "esikti kulyptap aldy",
        "polisiya... pomogite",
    ],
)
def test_a_cry_in_latin_letters_is_heard(text: str) -> None:
    assert DISTRESS.cries(text)


def test_a_cry_is_heard_at_the_end_of_a_long_text() -> None:
    story = "Водитель приехал вовремя, мы поехали по проспекту Абая. " * 70
    assert not DISTRESS.cries(story)
    assert DISTRESS.cries(story + "Он меня не выпускает")


def test_words_far_from_each_other_or_in_two_sentences_are_no_cry() -> None:
    assert not DISTRESS.cries("Он не выпускает. Меня зовут Айгерим")
    assert not DISTRESS.cries("меня довезли, а потом мы долго ждали, и он всё же не выпускает других людей")


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_whatever_breaks_it(text: str) -> None:
    DISTRESS.cries(text)


@given(st.lists(st.sampled_from([*"мMе 1.\n'🆘’*+/=~\u200bﷺǅİß", "помогите", "он", "he", "меня", "мені", "112"])))
def test_no_text_of_signs_and_distress_words_breaks_it(parts: list[str]) -> None:
    DISTRESS.cries("".join(parts))


class Counted(dict[str, object]):
    """Counts how often something is looked up."""

    def __init__(self, inner: dict[str, object]) -> None:
        super().__init__(inner)
        self.count = 0

    def get(self, *args: object) -> object:  # type: ignore[override]
        self.count += 1
        return super().get(*args)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "hostile", ["он ", "меня не ", "помогите ", "help ", "пoмoгите ", "x", "а.", "п о ", "ﷺ", "a\n"]
)
def test_a_text_twice_as_long_takes_twice_the_steps(hostile: str) -> None:
    def steps(length: int) -> int:
        distress = load_distress(LOCALES, LANGUAGES)
        counted = Counted(distress._said)  # type: ignore[arg-type]
        distress._said = counted  # type: ignore[assignment]
        distress.cries((hostile * length)[:length])
        return counted.count

    assert 0 < steps(4096) <= 2.1 * steps(2048) + 200


def written(root: Path, text: str) -> Path:
    (root / "en").mkdir()
    (root / "en" / "distress.txt").write_text(text, encoding="utf-8")
    return root


def faults(root: Path) -> list[Fault]:
    with pytest.raises(ContentError) as caught:
        load_distress(root, ["en"])
    return caught.value.faults


def test_a_list_says_what_is_a_cry_and_nothing_else_is(tmp_path: Path) -> None:
    distress: Distress = load_distress(
        written(tmp_path, "# said\nred fox\na / b + quick* / slow\n= cat / two cats\n~ oh\n"), ["en"]
    )
    heard = ["A red fox!", "quickly a", "b so slow", "Cat.", "oh cat oh", "Oh. Two cats", "cat two cats"]
    assert [text for text in heard if not distress.cries(text)] == []
    unheard = ["", "oh", "my cat", "red", "foxes red", "a. quick", "a.quick", "quick", "two", "said", "a b"]
    assert [text for text in unheard if distress.cries(text)] == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a /", "write words on both sides of / and +"),
        ("a + ", "write words on both sides of / and +"),
        ("=", "write words on both sides of / and +"),
        ("= a + b", "+ has no meaning after ="),
        ("~ a + b", "+ has no meaning after ~"),
        ("a*b", "'a*b': write words of letters or digits, with a space between them, * only at the end"),
        ("a-b", "'a-b': write words of letters or digits, with a space between them, * only at the end"),
        ("a *", "'*': write words of letters or digits, with a space between them, * only at the end"),
        ("!", "'!': write words of letters or digits, with a space between them, * only at the end"),
    ],
)
def test_a_broken_line_is_told_by_its_number(tmp_path: Path, line: str, reason: str) -> None:
    assert faults(written(tmp_path, f"= help me\n\n{line}\n")) == [Fault("en/distress.txt", 3, reason)]


def test_a_list_that_is_missing_or_empty_or_no_text_is_a_fault(tmp_path: Path) -> None:
    unread = "the list of distress words can't be read: "
    assert faults(tmp_path) == [Fault("en/distress.txt", 1, unread + "FileNotFoundError")]
    written(tmp_path, "# nothing\n~ please\n")
    assert faults(tmp_path) == [Fault("en/distress.txt", 1, "no distress word here")]
    (tmp_path / "en" / "distress.txt").write_bytes(b"\xff\xfe")
    assert faults(tmp_path) == [Fault("en/distress.txt", 1, unread + "UnicodeDecodeError")]
