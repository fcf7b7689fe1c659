# 每个问题代码：值是标题，.detail 是这一次出了什么事，.action 是现在怎么办，.who 是谁能办。

not-found = 没有这个地址
    .detail = 这台服务器上没有 { $path } 这个地址
    .action = 核对地址；全部接口列在 /docs/api
    .who = 调用方的开发人员

method-not-allowed = 这个地址不接受这种请求方法
    .detail = { $path } 不接受 { $method }
    .action = 改用应答头 Allow 列出的方法
    .who = 调用方的开发人员

request-malformed = 请求读不懂
    .detail = 请求不符合 HTTP 的写法，或地址里的参数写错
    .action = 对照 /docs/api 核对地址、参数和请求头
    .who = 调用方的开发人员

parameter-wrong = 地址里的参数不对
    .detail = 地址里有 { $count } 个参数不对
    .action = 按 errors 里的每一条改正后重发
    .who = 调用方的开发人员

header-wrong = 请求头不对
    .detail = 有 { $count } 个请求头不对
    .action = 按 errors 里的每一条改正后重发
    .who = 调用方的开发人员

body-not-json = 请求体不是 JSON
    .detail = 请求体从第 { $line } 行第 { $column } 列起不是 JSON
    .action = 用 JSON 工具检查请求体后重发
    .who = 调用方的开发人员

body-broken-off = 请求体没有传完
    .detail = 连接在请求体传完之前断开，或请求体的分块写错
    .action = 原样重发；带 Idempotency-Key 的重发不会重复
    .who = 调用方的系统，自动重试即可

fields-wrong = 请求体里有字段不对
    .detail = 请求体里有 { $count } 个字段不对
    .action = 按 errors 里的每一条改正后重发
    .who = 调用方的开发人员

warning-unreadable = 这条预警读不出来
    .detail = 请求体不是可以读的预警文件，发现 { $count } 处问题，什么都没有保存
    .action = 按 errors 里的每一条改正后重发
    .who = 发布单位的系统开发人员

warning-rejected = 这条预警不符合规则
    .detail = 发现 { $count } 处问题，什么都没有保存
    .action = 按 errors 里的每一条改正后重发
    .who = 发布单位的值班人员或其系统开发人员

key-missing = 没有带密钥
    .detail = 请求里没有密钥
    .action = 在请求头写上 Authorization: Bearer fh_…；密钥由安全管理员发放
    .who = 安全管理员发放密钥

key-unknown = 密钥不对
    .detail = 没有这个密钥
    .action = 核对密钥是否抄全；丢失的密钥无法找回，由安全管理员重新发放
    .who = 安全管理员重新发放

key-revoked = 密钥已停用
    .detail = 这个密钥已经停用
    .action = 换用新的密钥；由安全管理员发放
    .who = 安全管理员发放新的密钥

role-not-allowed = 这个密钥的角色不能做这件事
    .detail = 角色 { $role } 不能做这件事
    .action = 换用下列角色之一的密钥：{ $allowed }
    .who = 安全管理员发放有相应角色的密钥

cross-site-request = 请求来自别的网站
    .detail = 浏览器说这个请求是别的网站发起的，没有执行
    .action = 回到控制台页面操作；程序调用改用 Authorization 请求头
    .who = 本人

authority-exceeded = 超出发布权限
    .detail = 这条预警有 { $count } 处超出发布单位的权限，什么都没有保存
    .action = 按 errors 里的每一条改正；权限不够时请有权限的单位发布
    .who = 有权限的指挥部；权限由系统管理员在配置里调整

warning-not-found = 没有这条预警
    .detail = 没有编号为 { $id } 的预警
    .action = 在 GET /v1/warnings 的结果里核对编号
    .who = 调用方

officer-not-listed = 名单上没有这个人
    .detail = 这条预警的叫应名单上没有编号是 { $id } 的责任人，或者没有人代理他，或者这条预警不需要叫应
    .action = 与 GET /v1/warnings/ID/calls 列出的编号核对
    .who = 值班操作员

suppression-not-found = 没有停发这个地址
    .detail = 没有编号是 { $id } 的停发记录：可能已经恢复，或已到期
    .action = 用 GET /v1/suppressions 查看现在停发的地址
    .who = 值班操作员

office-not-found = 没有这个单位
    .detail = 没有代号是 { $id } 的发布单位；区应急办的代号是 office
    .action = 用配置里发布单位的代号，或 office
    .who = 值班操作员

recipient-not-found = 没有这个接收人
    .detail = 没有编号为 { $id } 的接收人
    .action = 在 GET /v1/recipients 的结果里核对编号
    .who = 值班操作员

screen-not-found = 没有这块屏幕
    .detail = 没有编号为 { $id } 的屏幕
    .action = 在 GET /v1/screens 的结果里核对编号；新屏幕先登记
    .who = 值班操作员

route-not-found = 没有这条通路
    .detail = 没有叫 { $id } 的通路
    .action = 在 GET /v1/routes 的结果里核对名称；通路写在配置文件里
    .who = 系统管理员

key-not-found = 没有这个密钥编号
    .detail = 没有编号为 { $id } 的密钥
    .action = 在 GET /v1/keys 的结果里核对编号
    .who = 安全管理员

callback-unknown = 没有服务商在这个地址报送
    .detail = 没有接受回调的同名通路，或者口令不是它的；什么都没有收下
    .action = 核对给服务商的地址、通路名称和 callback_secret_file
    .who = 系统管理员和服务商

confirm-link-unknown = 这个链接无效
    .detail = 没有哪条消息带有这个链接
    .action = 从消息中直接打开链接，或者完整复制
    .who = 收到消息的人

explanation-not-found = 没有这个代码
    .detail = 没有 { $id } 这个代码
    .action = 在 /docs/ 里查找；旧版本的代码不会改变含义
    .who = 调用方

identity-taken = 同一个预警标识已用于别的内容
    .detail = 发送者、标识和发送时间都相同的预警已经保存为 { $id }，内容与这次不同，这次没有保存
    .action = 要更改内容，用新的标识发一条更新；确实是同一条，就原样重发
    .who = 发布单位的值班人员或其系统开发人员

national-form-refused = 这条预警写不成 12379 格式
    .detail = 有 { $count } 处内容 12379 格式无法表达，没有生成文件
    .action = 按 errors 里的每一条改正后重新发布，或改取 CAP 1.2；演练不进入国家平台
    .who = 发布单位的值班人员

idempotency-key-running = 同一个 Idempotency-Key 的请求还在处理
    .detail = 带这个 Idempotency-Key 的前一个请求还没有结束
    .action = 按应答头 Retry-After 等一会儿，原样重发
    .who = 调用方的系统，自动重试即可

idempotency-key-reused = Idempotency-Key 已用于别的内容
    .detail = 这个 Idempotency-Key 以前带的是别的内容，这次没有保存
    .action = 新的内容用新的 Idempotency-Key
    .who = 调用方的开发人员

warning-not-delivering = 这条预警不在投递中
    .detail = 投递还没有开始，或者它不发给任何人；没有重发
    .action = 等到它的阶段是 delivering 或 finished
    .who = 值班操作员

warning-not-released = 这条预警还没有发布
    .detail = 没有人收到过它，没有可更正的；什么都没有改变
    .action = 要它不发出，就解除或驳回
    .who = 值班操作员

drill-not-found = 没有这次预约的演练
    .detail = 没有编号为 { $id } 的预约演练
    .action = 查看预约演练的列表
    .who = 调用方的开发人员

drill-over = 这次演练已不在等待
    .detail = 演练 { $id } 已经开始，或者已经取消
    .action = 查看预约演练的列表；已经开始的，用解除它的预警来结束
    .who = 发布单位值班员

drills-too-many = 等待的演练已经太多
    .detail = 已有 { $limit } 次演练在等待，达到了上限
    .action = 取消一些，或请系统管理员调高 drills.waiting_max
    .who = 发布单位值班员

not-a-drill = 只有演练和测试可以预约
    .detail = 这条消息的状态是 { $got }，没有预约
    .action = 正式预警在要发布时再提交；演练请把状态写成 exercise 或 test
    .who = 发布单位值班员

warning-over = 这条预警已经结束
    .detail = { $why ->
        [lifted] 它已经解除；没有重发
        [superseded] 更新的预警代替了它；没有重发
       *[other] 它已经失效；没有重发
    }
    .action = 仍须告知公众时，发布新的预警
    .who = 发布单位

sign-off-not-waiting = 没有要签的
    .detail = 这条预警不需要签字、已经发布或已经结束；什么都没有改变
    .action = 查看它的状态；已经发布的要停止，就解除
    .who = 值班审批人

sign-off-refused = 这个签字不能收
    .detail = { $why ->
        [submitter] 提交预警的人不能签自己的
        [made-by-submitter] 这个密钥是提交预警的人发放的
        [twice] 您已经签过这条预警的另一步
        [reason] 退回和否决要写原因
        [emergency] 这条预警的规则不允许一人签字就发布，或者已经有人这样发布
        [released] 它已经发布：只有解除能停止它
       *[other] 先要签的是另一步，见 GET …/sign-off
    }
    .action = 由另一个人签，或先签下一步
    .who = 值班审批人

sign-off-not-on-duty = 这一步现在不由您值班
    .detail = { $office } 这一步的值班人：{ $on_duty }
    .action = 由值班的人或其代班人签；值班表有误，由操作员用 PUT /v1/roster/{ $office } 更正
    .who = 值班审批人

sign-off-not-carried = 有渠道发不了这段文字，签字没有收下
    .detail = 原因逐条列在 errors 里
    .action = 退回给发布单位缩短文字，或由管理员备好短文本模板、增加通路后再签
    .who = 值班审批人

sign-off-text-changed = 现在要发出的不是您看到的
    .detail = 文字后来变了，现在的摘要是 { $digest }
    .action = 用 GET …/sign-off 重看，再按新的摘要签
    .who = 值班审批人

callback-forged = 回调的签名不符
    .detail = 签名缺失或不对，什么都没有收下
    .action = 核对服务商的签名密钥和通路的设置；写 callback_signatures = "observe" 可以暂时按未签名收下
    .who = 系统管理员和服务商

callback-unreadable = 回调无法读取
    .detail = 正文不是这家服务商的形式，什么都没有收下
    .action = 对照适配器的文档检查服务商发来的内容
    .who = 系统管理员和服务商

receipts-not-taken = 现在不收回执
    .detail = 不能确定它们已经写到磁盘上
    .action = 按 Retry-After 重发同样的内容；重复没有关系
    .who = 服务商重发即可

import-running = 另一个导入还在进行
    .detail = 同一时间只能进行一个导入
    .action = 等前一个导入结束后重发；重复导入不会产生重复的接收人
    .who = 值班操作员

request-timeout = 请求传得太慢
    .detail = 在 { $seconds } 秒里没有收到完整的请求
    .action = 检查网络后原样重发
    .who = 调用方的系统，自动重试即可

body-too-large = 请求体太大
    .detail = 请求体超过 { $limit } 字节
    .action = 缩小请求体；带附件的预警可以大一些，附件也可以改成链接
    .who = 调用方的开发人员

media-type-unsupported = 不接受这种内容类型
    .detail = 不接受 Content-Type “{ $got }”
    .action = 改用下列之一：{ $allowed }
    .who = 调用方的开发人员

internal = 服务器内部出错
    .detail = 服务器出了自己的错，没有做完这个请求
    .action = 原样重发一次；再次出现时，把请求编号（instance）交给系统管理员
    .who = 系统管理员凭请求编号查日志

store-unavailable = 存储暂时不可用
    .detail = 存储没有应答，这个请求有没有保存不能确定
    .action = 按应答头 Retry-After 等待后原样重发，不会重复；一直如此时通知系统管理员
    .who = 调用方的系统先自动重试；系统管理员检查数据目录和磁盘

overloaded = 服务器正忙
    .detail = { $what }到了上限，这个请求没有处理
    .action = 按应答头 Retry-After 等待后原样重发
    .who = 调用方的系统，自动重试即可

stopping = 服务器正在停止
    .detail = 服务器正在停止，不再接新的请求
    .action = 按应答头 Retry-After 等待后原样重发
    .who = 调用方的系统，自动重试即可

storage-full = 磁盘已满
    .detail = 剩余的磁盘空间留给解除、更正和发送记录，这个请求没有保存
    .action = 按应答头 Retry-After 等待后原样重发；解除和更正照常接收、照常发出
    .who = 系统管理员在数据目录所在的磁盘上腾出空间，数据目录里的文件不要动

# 单个字段的问题。

field-missing = 缺少字段 { $field }
    .title = 缺少字段
    .action = 补上这个字段
    .who = 调用方的开发人员

field-unknown = 没有 { $field } 这个字段
    .title = 多出的字段
    .action = 去掉它，或改正字段名
    .who = 调用方的开发人员

field-wrong = 字段的值不对：{ $reason }
    .title = 字段的值不对
    .action = 对照 /docs/api 改正
    .who = 调用方的开发人员

value-not-allowed = { $field } 不能是“{ $got }”
    .title = 不在允许的值之内
    .action = 改用允许的值：{ $allowed }
    .who = 调用方的开发人员

value-too-long = { $field } 太长，最多 { $limit } 个字符
    .title = 值太长
    .action = 缩短后重发
    .who = 调用方的开发人员

value-missing = { $field } 是空的
    .title = 值是空的
    .action = 填写后重发
    .who = 调用方的开发人员

value-mismatch = { $field } 与地址里的“{ $allowed }”不一致
    .title = 与地址不一致
    .action = 两处写成一样
    .who = 调用方的开发人员

subject-unknown = 配置里没有“{ $got }”
    .title = 密钥所属的单位或屏幕不存在
    .action = 改用配置里有的发布单位，或已登记的屏幕
    .who = 安全管理员；发布单位由系统管理员写进配置

subscriptions-not-offered = 不接受这种订阅
    .detail = 本站不接受这种订阅
    .action = 可用的方式见 /subscribe；由 public.push_route 和 public.email_subscriptions 开通
    .who = 系统管理员

subscription-unusable = 这个订阅不能用
    .detail = 这不是浏览器的推送订阅，或者它的推送服务不在允许之列
    .action = 在 /subscribe 页面重新订阅；仍不行的，换一个浏览器或用电子邮件
    .who = 订阅的人

too-many-subscriptions = 订阅请求太多
    .detail = 这个网络的订阅请求太多
    .action = 一小时后再试
    .who = 订阅的人
