# The sealing key: what can be wrong at start

seal-key-io = Key file { $path } cannot be read or created.
    .action = See that the data directory exists and the account may read and write it.
seal-key-too-open = Key file { $path } can be read by other accounts (mode { $mode }).
    .action = Run chmod 600, and consider who may have read it.
seal-key-malformed = Key file { $path } is damaged or of another version.
    .action = Put back the copy of the key file that is kept apart from the data.
seal-key-missing = Key file { $path } is missing, yet the data is sealed with key { $expected }.
    .action = Put back the copy of that key. Without it no address opens; do not make a new one.
seal-key-wrong = The data is sealed with key { $expected }, the key file holds { $found }.
    .action = Put back the right key, or check whether the data directory is the right one.
seal-key-store = The store does not answer, so the key cannot be compared.
    .action = Repair the store first, then start again.
