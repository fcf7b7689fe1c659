# Measures: what departments have to do, and by when.

notice-measures-assigned = { $count } measures for you, the first due by { $due }: { $headline }
    .detail = A warning ({ $level }) was released. { $office } has to do: { $items }

notice-measures-due = Measures due soon: { $count }, by { $due } ({ $headline })
    .detail = Not yet done by { $office }: { $items }

notice-measures-overdue = Measures overdue: { $office }, { $count } ({ $headline })
    .detail = They were due by { $due } and are not done: { $items }

alarm-measures-overdue = Measures are overdue
    .detail = { $count } measures of { $offices } were not done in time, the first was due by { $due }
    .more = With the release of a warning, what departments have to do becomes a checklist; when its time comes and nobody has said that an item is done or does not apply, this alarm is raised. It ends when they are settled or the warning is lifted, and a day after their time; the list shows them still.
    .action = Open /console/warnings/ID/measures and call the offices by telephone; say that an item is done, or why it need not be
    .who = The officer on duty at the issuer, with the operator on duty

measure-not-found = There is no such measure
    .detail = The sheet of this warning has no item { $number }
    .action = Look at the sheet with GET /v1/warnings/ID/measures
    .who = The developer of the calling system

measure-not-yours = This item is another office's
    .detail = The item is one of { $office }, and the warning is not your own
    .action = Let that office, the issuer or the operator on duty say it
    .who = The officer on duty at that office

measure-settled = This item is settled
    .detail = The item is now { $state ->
        [done] done
        [not_applicable] not applicable
       *[ended] ended with its event
    }
    .action = To change it, open it again first (state open) and say why; what ended with its event stays so
    .who = The officer on duty at that office
