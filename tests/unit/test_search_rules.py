"""Search's pure parts: questions with quotations, the close look."""

from academy.search.query_parser import looser, parse
from academy.search.ranking import closeness
from academy.search.text import Segmenter, normalise

SEGMENTER = Segmenter()


def test_a_single_character_in_quotation_marks_is_a_word() -> None:
    question = parse("「境」在这里是什么意思", SEGMENTER)
    assert not question.phrases and "境" in question.words


def test_a_quotation_in_a_question_can_be_let_go_and_one_alone_cannot() -> None:
    question = parse("“水渠修到了家门口”是哪一年", SEGMENTER)
    alone, loose = looser(question, SEGMENTER)
    assert alone.phrases == question.phrases and not alone.words
    assert not loose.phrases and set(question.words) < set(loose.words)
    assert not list(looser(parse("“水渠修到了家门口”", SEGMENTER), SEGMENTER))


def test_rare_words_and_the_same_wording_come_first() -> None:
    question = parse("沼气池的修建", SEGMENTER)
    texts = ["修建了许多房子", "修建的沼气池", "沼气池的修建很快", "天气很好"]
    scores = closeness(question, {"沼气池": 6.0, "修建": 2.0}, texts)
    assert sorted(range(4), key=lambda n: -scores[n]) == [2, 1, 0, 3] and scores[3] == 0


def test_both_scripts_have_one_form_where_only_context_tells_them_apart() -> None:
    for traditional, simplified in (
        ("憑藉座標與計畫", "凭借坐标与计划"),
        ("藉口", "借口"),
        ("臺灣裡著", "台湾里着"),
        ("商舖甦醒", "商铺苏醒"),
        ("大相逕庭", "大相径庭"),
    ):
        assert normalise(traditional) == normalise(simplified)
