# Public screens: silence, custodians, public education, registration.

notice-screen-silent = Screen silent: { $screen }
    .detail = The screen { $screen } ({ $id }) you look after has not asked for what to show since { $since }, { $minutes } minutes ago: no warning gets there. Look at its power, network and player. You are told again each hour until it is back.

notice-screen-back = Screen is back: { $screen }
    .detail = The screen { $screen } ({ $id }) you look after asks again. It was silent since { $since }, for { $minutes } minutes.

alarm-screens-silent = More than half of the screens fell silent at once
    .detail = { $count } of { $of } screens do not ask for what to show, the first since { $since }
    .more = So many screens seldom break at once: more likely the network, the address or the certificate of this gateway is at fault. Their custodians are not told one by one meanwhile; those still silent are once it is fewer than half.
    .action = Open the page of any screen from the network where screens are, and look at network, name, certificate and firewall of this machine; what the screens show is not known: reach the places by other channels where it matters
    .who = The operator on duty and the system administrator

lesson-not-found = There is no such lesson
    .detail = There is no lesson with the id { $id }
    .action = Compare the id with what GET /v1/education lists
    .who = The operator on duty
