"""PDFs with text on their pages."""

from pathlib import Path


def written(path: Path, word: str) -> Path:
    """A document of one page that says a word."""
    stream = f"BT /F1 24 Tf 72 700 Td ({word}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body = "%PDF-1.4\n" + "".join(f"{n} 0 obj\n{text}\nendobj\n" for n, text in enumerate(objects, 1))
    path.write_text(body + "trailer << /Size 6 /Root 1 0 R >>\n%%EOF\n")
    return path


def stream(words: str, extra: str = "") -> str:
    return f"<< /Length {len(words)} {extra} >>\nstream\n{words}\nendstream"
