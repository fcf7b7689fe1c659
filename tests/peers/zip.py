"""Packs and unpacks archives with the standard library, as another system would.

    zip.py pack ARCHIVE FOLDER     every file of the folder but archives, sizes after the data as a stream has them
    zip.py unpack ARCHIVE FOLDER   every entry, after a test of all
"""

import io
import pathlib
import sys
import zipfile


class Stream(io.RawIOBase):
    """A file that cannot go back, so that sizes are written behind the data."""

    def __init__(self, path):
        self.file = open(path, "wb")

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)

    def flush(self):
        if not self.file.closed:
            self.file.flush()

    def close(self):
        self.file.close()
        super().close()


def pack(archive, folder):
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix != ".zip"]
    with Stream(archive) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files:
            packed.write(path, path.name)


def unpack(archive, folder):
    with zipfile.ZipFile(archive) as packed:
        broken = packed.testzip()
        if broken is not None:
            sys.exit(f"{broken} is broken")
        packed.extractall(folder)


{"pack": pack, "unpack": unpack}[sys.argv[1]](pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
