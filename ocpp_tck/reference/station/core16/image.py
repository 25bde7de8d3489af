"""The firmware images of this charge point: a header of lines, an empty line, and the rest.

```
ocpp-tck reference firmware
version=2.0.0
sha256=<hash of what follows the empty line>

…
```
"""

import hashlib

MAGIC = "ocpp-tck reference firmware"
_LONGEST_HEADER = 1024
_LONGEST_VERSION = 50


def version_of(image: bytes) -> str:
    """Return the version that an image installs. Raises ValueError for what is no image, or a damaged one."""
    header, empty, body = image.partition(b"\n\n")
    if not empty or len(header) > _LONGEST_HEADER:
        raise ValueError("no firmware of this charge point")
    try:
        first, *lines = header.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ValueError("no firmware of this charge point") from None
    fields = dict(line.partition("=")[::2] for line in lines)
    version = fields.get("version", "")
    if first != MAGIC or not 0 < len(version) <= _LONGEST_VERSION:
        raise ValueError("no firmware of this charge point")
    if fields.get("sha256") != hashlib.sha256(body).hexdigest():
        raise ValueError("the firmware is damaged")
    return version
