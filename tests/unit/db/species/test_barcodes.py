import random

import pytest

from crobot_errors import BadInput
from db.species.barcodes import LARGEST, Barcode, Kind, check, decode, encode


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (1, "AA0001AA"),
        (9_999, "AA9999AA"),
        (10_000, "BA0000AA"),
        (12_277, "BA2277AA"),
        (260_000, "AB0000AA"),
        (6_760_000, "AA0000BA"),
        (175_760_000, "AA0000AB"),
        (LARGEST, "ZZ9999ZZ"),
    ],
)
def test_digits_run_fastest_and_then_the_letters_from_left_to_right(number: int, code: str) -> None:
    assert encode("SAL", number, Kind.ASSEMBLY) == f"SAL_{code}_AS"
    assert decode(f"SAL_{code}_AS") == Barcode("SAL", number, Kind.ASSEMBLY)


def test_every_number_comes_back_from_its_barcode() -> None:
    numbers = random.Random(1).sample(range(1, LARGEST), 2_000)
    assert [decode(encode("ESC", number, Kind.STRAIN)).number for number in numbers] == numbers


@pytest.mark.parametrize("number", [0, -1, LARGEST + 1])
def test_a_number_outside_the_range_has_no_barcode(number: int) -> None:
    with pytest.raises(BadInput, match=f"number {number}"):
        encode("SAL", number, Kind.ASSEMBLY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SAL",
        "sal_AA0001AA_AS",
        "SAL_AA001AA_AS",
        "SAL_AA0001AA_XX",
        "SAL_AA0001AA_AS\n",
        "SAL_AA0000AA_AS",
    ]
    + ["../SAL_AA0001AA_AS", "SAL_AA0001AA_AS; rm -rf /", "SAL_AA٠٠٠١AA_AS"],
)
def test_what_is_not_a_barcode_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        decode(text)
    assert repr(text) in str(caught.value)


def test_a_barcode_of_another_kind_or_species_is_refused() -> None:
    assert check("SAL_AA0001AA_AS", Kind.ASSEMBLY, "SAL") == "SAL_AA0001AA_AS"
    with pytest.raises(BadInput, match="kind ST"):
        check("SAL_AA0001AA_ST", Kind.ASSEMBLY)
    with pytest.raises(BadInput, match="begin with ESC_"):
        check("SAL_AA0001AA_AS", Kind.ASSEMBLY, "ESC")
