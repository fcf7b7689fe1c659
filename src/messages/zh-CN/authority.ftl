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
