# What the gateway itself tells persons on duty: the value is the headline, .detail what it says.

notice-event = Duty notice

notice-witness-release = Witness: { $issuer } released a warning ({ $level })
    .detail = "{ $headline }" was released at { $time }. With it the journal reached row { $sequence }, hash { $hash }. Keep this notice: it is evidence when the journal is audited.

notice-witness-emergency = Witness: { $issuer } released a warning on one signature ({ $level })
    .detail = "{ $headline }" was released at { $time } on the signature of { $person } alone; the others are owed. With it the journal reached row { $sequence }, hash { $hash }. Keep this notice: it is evidence when the journal is audited.

notice-witness-lift = Witness: { $issuer } lifted a warning ({ $level })
    .detail = "{ $headline }" was released at { $time }. With it the journal reached row { $sequence }, hash { $hash }. Keep this notice: it is evidence when the journal is audited.

notice-witness-grant = Witness: a new key was made
    .detail = Key { $key }, role { $role }, of { $subject }, held by { $person }, made at { $time }. The journal then reached row { $sequence }, hash { $hash }. If you do not know of it, tell the security administrator at once to revoke it; keep this notice.

notice-sign-off-reminder = { $step ->
        [review] Please review
        [sign] Please sign
       *[office] Please sign for the district
    }: a warning waits ({ $level })
    .detail = "{ $headline }" of { $issuer } has waited since { $since }; unless everybody has signed by { $due }, it is not released.

notice-second-signature = { $step ->
        [review] Please review
        [sign] Please sign
       *[office] Please sign for the district
    }: a warning was released on one signature ({ $level })
    .detail = "{ $headline }" of { $issuer } went out in an emergency; this signature has been owed since { $since } and is due by { $due }.

notice-sign-off-returned = Your warning was returned: { $headline }
    .detail = { $person } returned it at { $time }. Reason: { $reason }

notice-sign-off-rejected = Your warning was rejected: { $headline }
    .detail = { $person } rejected it at { $time }. Reason: { $reason }

notice-sign-off-expiring = Your warning will soon be too old to be signed: { $headline }
    .detail = It still waits for { $step ->
        [review] the review
        [sign] the signature of the headquarters
       *[office] the signature of the district
    }; unless everybody has signed by { $due }, it is not released.

notice-sign-off-expired = Your warning was not signed in time: { $headline }
    .detail = By { $time } not everybody had signed. If it is still needed, hand it in again.

notice-officer-call = Confirm now that you have it: { $level } warning
    .detail = { $issuer } released "{ $headline }". You are responsible: confirm by the link or answer with the word. Until you do, you and your deputy are called.

notice-deputy-call = Confirm in place of another: { $level } warning
    .detail = { $issuer } released "{ $headline }". The officer you stand in for has not confirmed: confirm by the link or answer with the word, and act in his place.

notice-subscription-asked = Confirm your subscription to warnings
    .detail = Somebody entered this address to receive emergency warnings by e-mail. If it was you, open the address below within 24 hours and press "Confirm": { $link } . If it was not, do nothing: without your yes no mail follows, and the address is erased then.
