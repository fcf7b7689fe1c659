# 网关自己发给值班人员的通知：值是标题，.detail 是正文。

notice-event = 值班通知

notice-witness-release = 见证：{ $issuer }发布了{ $level }预警
    .detail = “{ $headline }”于 { $time } 发布。发布时日志到第 { $sequence } 行，校验 { $hash }。请保留这条通知，核查时以此为证。

notice-witness-emergency = 见证：{ $issuer }凭一人签字紧急发布了{ $level }预警
    .detail = “{ $headline }”于 { $time } 由 { $person } 一人签字发布，其余签名待补。发布时日志到第 { $sequence } 行，校验 { $hash }。请保留这条通知，核查时以此为证。

notice-witness-lift = 见证：{ $issuer }解除了{ $level }预警
    .detail = “{ $headline }”于 { $time } 发布。发布时日志到第 { $sequence } 行，校验 { $hash }。请保留这条通知，核查时以此为证。

notice-witness-grant = 见证：发放了一个新密钥
    .detail = 密钥 { $key }，角色 { $role }，归属 { $subject }，持有人 { $person }，{ $time } 发放。此时日志到第 { $sequence } 行，校验 { $hash }。不知情的，请立即告诉安全管理员停用；请保留这条通知。

notice-sign-off-reminder = { $step ->
        [review] 请审核
        [sign] 请签发
       *[office] 请应急办签发
    }：{ $level }预警等待签字
    .detail = { $issuer }的“{ $headline }”自 { $since } 起等待签字，{ $due } 之前没有签完就不再发布。

notice-second-signature = { $step ->
        [review] 请补审核
        [sign] 请补签发
       *[office] 请补应急办签发
    }：{ $level }预警已凭一人签字发布
    .detail = { $issuer }的“{ $headline }”已紧急发布，这一步自 { $since } 起等待补签，应在 { $due } 之前。

notice-sign-off-returned = 预警被退回：{ $headline }
    .detail = { $person } 于 { $time } 退回。原因：{ $reason }

notice-sign-off-rejected = 预警被否决：{ $headline }
    .detail = { $person } 于 { $time } 否决。原因：{ $reason }

notice-sign-off-expiring = 预警快要过时不签：{ $headline }
    .detail = 还在等{ $step ->
        [review] 审核
        [sign] 签发
       *[office] 应急办签发
    }；{ $due } 之前没有签完就不再发布。

notice-sign-off-expired = 预警没有签完，不再发布：{ $headline }
    .detail = 到 { $time } 没有签完。仍然需要的，请重新提交。

notice-officer-call = 请立即确认收到：{ $level }预警
    .detail = { $issuer }发布“{ $headline }”。您是责任人，请立即点开链接确认，或回复收到。没有确认会继续呼叫您和您的代理人。

notice-deputy-call = 请代为确认收到：{ $level }预警
    .detail = { $issuer }发布“{ $headline }”。您代理的责任人没有确认，请立即点开链接确认，或回复收到，并代行职责。

notice-subscription-asked = 确认订阅预警邮件
    .detail = 有人用这个邮箱订阅突发事件预警邮件。是您本人的，请打开下面的地址并按“确认订阅”，24 小时内有效：{ $link } 。不是您本人的，不用理会：不确认就不会再收到邮件，邮箱地址届时删除。
