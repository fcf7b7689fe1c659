# 措施：各部门要做什么，几时前做完。

notice-measures-assigned = 请办理 { $count } 项措施，最早 { $due } 前：{ $headline }
    .detail = { $level }预警已发布，{ $office }要做：{ $items }

notice-measures-due = 措施即将到时：{ $count } 项，{ $due } 前（{ $headline }）
    .detail = { $office }还没有办结：{ $items }

notice-measures-overdue = 措施逾期：{ $office } { $count } 项（{ $headline }）
    .detail = 应在 { $due } 前办结，还没有：{ $items }

alarm-measures-overdue = 措施逾期未办结
    .detail = { $offices }有 { $count } 项措施到时没有办结，最早的应在 { $due } 之前
    .more = 预警发布时，各部门要做的事列成清单；到时没有人说已办结或不适用的，就告警。办结、写明不适用，或者解除预警，告警随之结束；到时一天以后告警也不再出现，清单里仍然看得到。
    .action = 打开 /console/warnings/编号/measures，打电话给逾期的单位；办结的点“办结”，不需要办的写明原因
    .who = 发布单位值班员和值班操作员

measure-not-found = 没有这一项措施
    .detail = 这条预警的清单里没有第 { $number } 项
    .action = 用 GET /v1/warnings/编号/measures 查看清单
    .who = 调用方的开发人员

measure-not-yours = 这一项是别的单位的
    .detail = 这一项归 { $office } 办，预警也不是您单位发布的
    .action = 请该单位、发布单位或值班操作员填写
    .who = 该单位值班员

measure-settled = 这一项已经有结论
    .detail = 这一项现在是 { $state ->
        [done] 已办结
        [not_applicable] 不适用
       *[ended] 随事件结束
    }
    .action = 要改，先写明原因重新打开（state 为 open）；随事件结束的不能再改
    .who = 该单位值班员
