# 发布单位能说什么：权限检查的结果。

issuer-unknown = 配置里没有发布单位“{ $got }”
    .title = 发布单位不在配置里
    .action = 由系统管理员把发布单位写进配置，或换用它自己的密钥
    .who = 系统管理员

hazard-not-allowed = 发布单位{ $issuer }不能发布灾种“{ $got }”
    .title = 灾种不在发布权限之内
    .action = 改用允许的灾种：{ $allowed }；或请有权限的指挥部发布
    .who = 有权限的指挥部；权限由系统管理员调整

hazard-missing = 没有写国家事件代码，无法判断发布单位{ $issuer }能不能发布
    .title = 没有国家事件代码
    .action = 写上五位国家事件代码，允许的是：{ $allowed }
    .who = 发布单位的值班人员或其系统开发人员

level-not-allowed = 发布单位{ $issuer }不能发布{ $got }级别
    .title = 级别不在发布权限之内
    .action = 改用允许的级别：{ $allowed }；或请有权限的指挥部发布
    .who = 有权限的指挥部；权限由系统管理员调整

area-not-allowed = 发布单位{ $issuer }不能对“{ $got }”发布
    .title = 区域不在发布权限之内
    .action = 改用允许的区域：{ $allowed }；或请有权限的指挥部发布
    .who = 有权限的指挥部；权限由系统管理员调整

area-not-coded = “{ $got }”没有区划代码，无法判断发布单位{ $issuer }能不能对它发布
    .title = 区域只有图形，没有区划代码
    .action = 写上 12 位区划代码，允许的是：{ $allowed }
    .who = 发布单位的值班人员或其系统开发人员

area-unknown = 配置里没有区划代码 { $got }
    .title = 没有这个区划代码
    .action = 核对 12 位区划代码；新的区域由系统管理员写进配置
    .who = 发布单位的值班人员；系统管理员

sender-not-allowed = 发布单位{ $issuer }不能用发送者“{ $got }”
    .title = 发送者不在发布权限之内
    .action = 改用允许的发送者：{ $allowed }
    .who = 发布单位的系统开发人员；系统管理员

status-not-allowed = 角色 { $role } 不能发布状态为 { $got } 的消息
    .title = 这个角色只能发演练和测试
    .action = 状态改成下列之一：{ $allowed }；实际预警由发布单位用自己的密钥发布
    .who = 发布单位

role-may-not-issue = 角色 { $role } 不能发布预警
    .title = 这个角色不能发布
    .action = 用发布单位的密钥发布
    .who = 发布单位

event-not-own = “{ $got }”不是这个发布单位的预警，不能更新或解除
    .title = 别的单位的预警
    .action = 由发布它的单位更新或解除；紧急时请签发人解除
    .who = 发布它的单位；签发人

event-status-differs = “{ $got }”的状态是 { $allowed }，不能由状态为 { $status } 的消息更新或解除
    .title = 演练和实际不能互相更新或解除
    .action = 状态写成 { $allowed }，或者不要引用它
    .who = 发布单位的值班人员

relay-originator-ends = “{ $got }”是转发的，是否解除或误发由原发布单位说
    .title = 转发的预警由原发布单位解除或更正
    .action = 转发原发布单位的解除或更正；要在这里停止转发，请值班员或签发人解除它
    .more = 停止转发时，收到过的人会以转发单位自己的名义得到通知，其中写明是否解除以原发布单位为准。演练和测试不受此限。
    .who = 发布单位的值班人员；值班操作员；签发人

hazard-relay-only = 灾种“{ $got }”只能由有权的单位发布，发布单位{ $issuer }只能转发
    .title = 这个灾种只能转发
    .action = 用有转发权的发布单位的密钥，原样转发有权单位的预警：原文、原发送者、原发布时间，不改写、不删减
    .more = 气象预警信号只由气象台站发布，地震、公共卫生等由上级发布（设置 authority.hazards 里 relay_only = true 的灾种）。转发时 sender、identifier、sent 和 sender_name 都是原单位的，收到的字节的摘要随预警保存。演练和测试只提醒。
    .who = 发布单位的值班人员；哪些灾种只能转发由系统管理员设置

hazard-not-public = 这个灾种的预警不能向公众发布
    .title = 这个灾种不向公众发布
    .action = 立即报告上级；只发给有关人员时把 scope 改为 restricted 并写明 restriction
    .more = 社会安全事件按突发事件应对法第六十九条报告上级，不向公众发布（设置 authority.hazards 里 public = false 的灾种）。
    .who = 发布单位的值班人员

relay-originator = 发送者“{ $got }”不在可以转发的单位之内
    .title = 不转发这个单位的预警
    .action = 核对 sender；允许的是：{ $allowed }；新的来源由系统管理员写进 authority.hazards 的 originators
    .who = 发布单位的值班人员；系统管理员

relay-source-missing = 转发的预警没有写原发布单位的名称
    .title = 转发时缺少原发布单位
    .action = 在 sender_name（CAP 的 senderName）里写原发布单位
    .who = 发布单位的值班人员

level-forward-up = { $got }级别超出本区的发布权限，应当上报
    .title = 超出本区权限，上报
    .action = 立即报告上级{ $superior ->
        [none] {""}
       *[other] （{ $superior }）
    }，由上级决定并发布；上级发布后原样转发
    .more = 本区对每个灾种可以发布哪些级别写在设置 authority.hazards 里；典型的分工是区县发布三、四级，二级以上由上级决定。这条预警没有发布，也没有保存。演练和测试只提醒，解除和转发不受限制。
    .who = 发布单位的值班人员，报上级应急管理部门
