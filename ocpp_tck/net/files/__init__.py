"""File servers of the kit: HTTP, HTTPS, FTP and FTPS, for firmware, diagnostics and logs.

Nothing here knows what an OCPP message is. Servers start when the first place that needs them is made.
"""

from ocpp_tck.net.files.servers import FileServers, FilesUnavailable
from ocpp_tck.net.files.store import DOWNLOAD, UPLOAD, Fault, Place, Transfer

__all__ = ["DOWNLOAD", "UPLOAD", "Fault", "FileServers", "FilesUnavailable", "Place", "Transfer"]
