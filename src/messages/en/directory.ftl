# The directory of recipients: what can go wrong while running

directory-unsealable = The { $channel } address of directory row { $row } does not open: it was altered or brought from elsewhere.
    .action = Import this recipient again from its source, and find out who changed the store.
directory-position-unsealable = The position of directory row { $row } does not open: it was altered or brought from elsewhere.
    .action = Import this recipient again from its source, and find out who changed the store.
directory-unreadable = The record of directory row { $row } is damaged.
    .action = Restore it from a back-up, or import this recipient again.
