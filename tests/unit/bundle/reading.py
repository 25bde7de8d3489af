"""Files as a person or a program may read them."""

import pypdf


def readable(path):
    """Give all text of a file, of a PDF file what its pages say too."""
    raw = path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".pdf":
        raw += "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
        raw += repr(pypdf.PdfReader(path).metadata)
    return raw
