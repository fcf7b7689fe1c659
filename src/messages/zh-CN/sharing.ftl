# 共享：伙伴系统、上级来源、收件箱。

partner-not-found = 没有这个伙伴
    .detail = 没有叫 { $id } 的伙伴
    .action = 在 GET /v1/partners 的结果里核对名称；伙伴写在 partners.toml 里
    .who = 系统管理员

upstream-not-found = 这个来源已经不在设置里
    .detail = 设置里没有叫 { $id } 的上级来源，不知道以谁的权限转发
    .action = 把来源写回 upstream.toml，或由有权限的单位自己发布
    .who = 系统管理员

inbox-item-not-found = 收件箱里没有这一条
    .detail = 收件箱里没有编号为 { $id } 的
    .action = 在 GET /v1/inbox 的结果里核对编号；结束已久的不再保留
    .who = 值班操作员

inbox-item-over = 这一条已经不能决定
    .detail = { $why ->
        [relayed] 它已经转发
        [ended] 上级已经解除它
        [superseded] 上级更新的预警代替了它
       *[other] 它已经失效
    }
    .action = 看收件箱里更新的；仍须告知公众时，由有权限的单位发布
    .who = 值班审批人

inbox-rule = 这个来源的规则是等人决定
    .action = 看预演，转发或搁置
inbox-scope = 不是公开的预警，从不自动转发
    .action = 看它写给谁；应当转发的，由审批人转发
inbox-drill = 是演练，从不自动转发
    .action = 参加演练的，由审批人转发

alarm-addresses-doubted = 线路 { $route } 的服务商拒收大多数地址
    .detail = 最近 { $count } 次投递中有 { $refused } 次被说成地址无效；没有停发或删除任何地址
    .more = 少数地址失效是常事，大多数同时失效往往是设置不对：测试环境的令牌发到了正式环境，换了应用、账号或号码库。所以这时不信它的话，名录保持原样。
    .action = 核对线路的环境、账号和名录的来源；改好后发一次演练，大多数送出去后告警消失
    .who = 值班操作员
alarm-partner-gone = 一个伙伴不再接收预警
    .detail = 伙伴 { $name } 在 { $since } 回答 410，从那时起什么也不推送给它
    .more = 410 的意思是"这个地址永久停用"。在等的推送已经结束，新的不再推送，直到测试成功。
    .action = 联系伙伴；地址恢复后发一次测试（POST /v1/partners/名称/test），不再需要的从设置里去掉
    .who = 系统管理员
alarm-upstream-silent = 一个上级来源没有答复
    .detail = 来源 { $name } 连续 { $count } 次没有可用的答复，最后一次是 { $seconds } 秒以前（{ $since }）：{ $reason }
    .more = 这期间上级发布的预警这里看不到，空的收件箱不等于平安。轮询继续进行，一有可用的答复告警就消失。
    .action = 用别的办法（电话、网页）确认上级有没有新的预警；检查网络和来源
    .who = 值班操作员

config-share-name = "{ $got }"不能作名称
    .so = 名称要出现在地址里；网关不会启动
    .action = 用 1 到 64 个字母、数字、- 或 _
config-share-url = { $name } 的地址既不是 https 也不是 http
    .so = 连不上；网关不会启动
    .action = 写完整的地址，以 https:// 开头
config-share-plain = { $name } 的地址是 http，没有 TLS
    .so = 路上的人能看到内容，也能冒充对方；签名只保护推送出去的内容
    .action = 改用 https；只在别的办法保护的专网里用 http
config-share-nothing = { $name } 的 { $got } 是空的
    .so = 什么都不匹配，所以什么都不会收发
    .action = 写上要的，或去掉这个键（默认全部）
config-share-area = { $name } 里的地区"{ $got }"没有配置
    .so = 不是地区代码的不会匹配任何预警
    .action = 核对 12 位代码和 areas.toml
config-partner-unsigned = 伙伴 { $name } 没有密钥
    .so = 没有签名的推送谁都能伪造；网关不会启动
    .action = 生成一把（whsec_ 加 32 字节的 base64），写进只有本服务能读的文件，把文件名写进 secret_files，并交给伙伴
config-upstream-issuer = 来源 { $name } 的 issuer "{ $got }"不是转发单位
    .so = 没有人有权转发它的预警；网关不会启动
    .action = 写 issuers.toml 里 relay = true 的单位
config-upstream-pace = 来源 { $name } 看得太勤
    .so = 对方可能把我们当作攻击而断开；网关不会启动
    .action = 写 10 秒或更久
config-upstream-settings = 来源 { $name } 的设置不能用：{ $cause }
    .so = 网关不会启动
    .action = 按说的改正
