"""The sample's lecturers are drawn, each another."""

from pathlib import Path

from PIL import Image

from academy.cli.sample import portraits


def test_every_lecturer_of_the_sample_has_a_face_of_their_own(tmp_path: Path) -> None:
    drawn = set()
    for name in portraits.LOOKS:
        portraits.write(name, tmp_path / "portrait.png")
        with Image.open(tmp_path / "portrait.png") as picture:
            assert picture.size == (portraits.SIDE, portraits.SIDE)
            drawn.add(picture.tobytes())
    assert len(drawn) == len(portraits.LOOKS)
