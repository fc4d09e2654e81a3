"""Lists of texts as PostgreSQL reads them."""

from db.arrays import array


def test_a_text_may_have_whatever_is_special_in_arrays() -> None:
    assert array(['a"b', "c\\d", "{,}", "NULL", "", " "]) == '{"a\\"b","c\\\\d","{,}","NULL",""," "}'


def test_nulls_beside_texts_stay_nulls() -> None:
    assert array(['a"b', None, "NULL"]) == '{"a\\"b",NULL,"NULL"}'


def test_nothing_but_nulls_is_no_array() -> None:
    assert array([None, None]) is None


def test_no_texts_are_an_empty_array() -> None:
    assert array([]) == "{}"
