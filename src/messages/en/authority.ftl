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
