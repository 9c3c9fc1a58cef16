"""Builds small documents, so that no binary file lies in the repository."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def make_pdf(pages: Sequence[Sequence[str]], *, title: str = "", date: str = "") -> bytes:
    """A PDF with a text layer, one printed line for each string."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    kids = []
    for lines in pages:
        shown = " ".join(f"({_escape(line)}) Tj T*" for line in lines)
        content = f"BT /F1 11 Tf 72 760 Td 14 TL {shown} ET".encode("cp1252")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
            % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    objects.append(f"<< /Title ({_escape(title)}) /CreationDate ({date}) >>".encode("latin-1"))
    return _number(objects)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _number(objects: Sequence[bytes]) -> bytes:
    """The file: the objects, a table of where they begin, and where that table is."""
    raw, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(raw))
        raw += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    raw += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + (
        b"trailer << /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, len(objects), len(raw))
    )
    return raw


def make_docx(body: str, *, properties: str = "", head: str = "") -> bytes:
    """A .docx with this XML within its body and among its properties."""
    document = f"<?xml version='1.0'?>{head}<w:document {WORD} {MC}><w:body>{body}</w:body></w:document>"
    core = (
        '<cp:coreProperties xmlns:cp="urn:cp" xmlns:dc="urn:dc" xmlns:dcterms="urn:dt">'
        f"{properties}</cp:coreProperties>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", document)
        archive.writestr("docProps/core.xml", core)
    return stream.getvalue()
