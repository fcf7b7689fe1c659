# What an issuer may say: findings of the authority check.

issuer-unknown = The configuration knows no issuer “{ $got }”
    .title = The issuer is not in the configuration
    .action = Let the system administrator add the issuer, or use the issuer's own key
    .who = The system administrator

hazard-not-allowed = The issuer { $issuer } may not issue the hazard “{ $got }”
    .title = The hazard is beyond the issuer's authority
    .action = Use a hazard it may issue: { $allowed }; or let a headquarters issue it that may
    .who = A headquarters with the authority; the system administrator sets it

hazard-missing = No national event code is given, so it cannot be decided whether the issuer { $issuer } may issue this
    .title = No national event code
    .action = Add the five-character national event code; allowed are: { $allowed }
    .who = The officer on duty at the issuer, or the developer of its system

level-not-allowed = The issuer { $issuer } may not issue the level { $got }
    .title = The level is beyond the issuer's authority
    .action = Use a level it may issue: { $allowed }; or let a headquarters issue it that may
    .who = A headquarters with the authority; the system administrator sets it

area-not-allowed = The issuer { $issuer } may not warn “{ $got }”
    .title = The area is beyond the issuer's authority
    .action = Use an area it may warn: { $allowed }; or let a headquarters issue it that may
    .who = A headquarters with the authority; the system administrator sets it

area-not-coded = “{ $got }” has no area code, so it cannot be decided whether the issuer { $issuer } may warn it
    .title = The area is a shape without a code
    .action = Add the 12-digit area code; allowed are: { $allowed }
    .who = The officer on duty at the issuer, or the developer of its system

area-unknown = The configuration knows no area code { $got }
    .title = There is no such area code
    .action = Check the 12 digits; the system administrator adds new areas to the configuration
    .who = The officer on duty at the issuer; the system administrator

sender-not-allowed = The issuer { $issuer } may not use the sender “{ $got }”
    .title = The sender is beyond the issuer's authority
    .action = Use a sender it may use: { $allowed }
    .who = The developer of the issuing system; the system administrator

status-not-allowed = The role { $role } may not issue messages of the status { $got }
    .title = This role may issue exercises and tests only
    .action = Use one of these statuses: { $allowed }; an actual warning is issued by an issuer with its own key
    .who = The issuer

role-may-not-issue = The role { $role } may not issue warnings
    .title = This role may not issue
    .action = Issue it with an issuer's key
    .who = The issuer

event-not-own = “{ $got }” was issued by another headquarters, which alone may update or lift it
    .title = Another headquarters' warning
    .action = Let the headquarters that issued it update or lift it; in an emergency an approver lifts it
    .who = The headquarters that issued it; an approver

event-status-differs = The status of “{ $got }” is { $allowed }; a message of the status { $status } cannot update or lift it
    .title = Drills and real warnings cannot update or lift each other
    .action = Write { $allowed } as the status, or leave the reference out
    .who = The officer on duty at the issuer

relay-originator-ends = “{ $got }” is passed on: whether it is over, or was a mistake, its originator says
    .title = What is passed on is lifted or corrected by its originator
    .action = Pass on the originator's lift or correction; to pass it on no more, let an operator or approver lift it here
    .more = When it is passed on no more, those who got it are told so in the name of whoever passed it on, and that its originator says whether it is over. Exercises and tests are not bound by this.
    .who = The officer on duty at the issuer; the operator on duty; an approver

hazard-relay-only = The hazard “{ $got }” is issued by others only; the issuer { $issuer } can but pass it on
    .title = This hazard is only passed on
    .action = With the key of an issuer that may pass on, hand in the warning of the body that has the power as it is: its text, sender and time, nothing reworded, nothing left out
    .more = Weather signals are issued by weather stations only, earthquakes and public health by higher levels (hazards with relay_only = true in the setting authority.hazards). What is passed on keeps the sender, identifier, sent and sender_name of whoever issued it; the digest of the bytes received is kept with the warning. For exercises and tests it is advice.
    .who = The officer on duty at the issuer; the system administrator sets which hazards these are

hazard-not-public = Warnings of this hazard may not go to the public
    .title = This hazard is not told to the public
    .action = Report it up at once; to tell those concerned only, write the scope restricted, and the restriction
    .more = Social security incidents are reported up and not published (Emergency Response Law, article 69; hazards with public = false in the setting authority.hazards).
    .who = The officer on duty at the issuer

relay-originator = The sender “{ $got }” is none whose warnings are passed on
    .title = Warnings of this body are not passed on
    .action = Check the sender; allowed are: { $allowed }; the system administrator adds a source to originators in authority.hazards
    .who = The officer on duty at the issuer; the system administrator

relay-source-missing = The warning that is passed on does not name the body that issued it
    .title = The body that issued it is not named
    .action = Write the body that issued it in sender_name (senderName of CAP)
    .who = The officer on duty at the issuer

level-forward-up = The level { $got } is beyond the power of this district; report it up
    .title = Beyond this district: report it up
    .action = Report it at once to the level above{ $superior ->
        [none] {""}
       *[other] {" "}({ $superior })
    }, which decides and issues; then pass its warning on as it is
    .more = Which levels of a hazard the district may release is in the setting authority.hazards; typically a district releases levels III and IV, and II and above are decided higher up. This warning was neither released nor stored. For exercises and tests it is advice; a lift, and what is passed on, is not bounded.
    .who = The officer on duty at the issuer, to the emergency management above
