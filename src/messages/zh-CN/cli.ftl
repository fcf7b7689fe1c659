# 命令行：帮助、说明和错误。

# 不带参数时的话。
cli-bare =
    烽火：把专项指挥部的预警送到每一个该收到的人。

        fenghuo demo --exit                  看一遍全过程，谁也收不到
        fenghuo send 预警.xml --watch         提交一条预警并看着它送达

      serve 运行网关   check 检查设置   status 看进度   lift 解除   correct 更正误发   explain 解释代码

    全部命令：fenghuo --help    某个命令：fenghuo help send    退出码：fenghuo help exit-codes

# 命令的一句话；.more 是长的说明，.examples 是例子。
cli = 烽火：应急预警网关
    .examples =
        fenghuo demo --exit
        fenghuo send 预警.xml --watch
        fenghuo explain area-unknown
cli-demo = 演示：模拟的服务商、样例名册和一次红色演练
    .more = 在本机启动一个完整的网关，名册、屏幕和服务商都是样例，只发演练，任何人都收不到。打印控制台地址、登录密钥和一条可以直接执行的 curl 命令。
    .examples =
        fenghuo demo
        fenghuo demo --exit --json
cli-drill = 演练：重放一串预警
    .more = 到点自动开始的演练用 POST /v1/drills 预约，GET 列出，DELETE 取消。
    .examples =
        fenghuo drill replay story/*.xml --speed 60
cli-drill-replay = 快速重放一串预警，服务商是模拟的，给出报告
    .more = 文件是 CAP 1.2 XML、12379 格式或 JSON，每个文件一条预警，按它们自己的时间排序。整个引擎在本进程中运行，用临时存储、样例通讯录、模拟的服务商和屏幕，谁也收不到。有些号码是空号，有些屏幕没有反应。正式预警按演练重放。只缩短预警之间的间隔，每条的有效时长不变。报告按预警和渠道列出受众、50%、90%、99% 被接收和送达所用的时间（引擎的真实时间，精确到 20 毫秒）、空号、没有反应的屏幕和失败原因。退出码：0 全部接收且数目相符，6 有预警被拒绝或文件读不了，1 数目不符或无法运行，2 参数有误，130 被中断。
    .examples =
        fenghuo drill replay story/*.xml
        fenghuo drill replay first.xml lift.xml --speed 600 --recipients 100000 --json
cli-serve = 运行网关
    .more = 运行到收到 SIGTERM 或 Ctrl-C；先停止领取新的工作，等在途的结束，再关闭。日志写到标准错误，FENGHUO_LOG 选级别。
    .examples = fenghuo serve --config config/fenghuo.toml --data 数据目录
cli-check = 检查设置，说明会怎样
    .more = 只读文件，不用网络。一次列出全部问题：文件、行、列、后果和做法。--live 另外询问每条线路的服务商和共用存储的服务器，什么都不发送。
    .examples =
        fenghuo check --config config/fenghuo.toml
        fenghuo check --live --deny-warnings
cli-send = 提交一条预警
    .more = 文件是 CAP 1.2 XML、12379 格式或 JSON；- 表示标准输入。没有收到应答时原样再发一次，不会重复。
    .examples =
        fenghuo send 预警.xml --dry-run
        fenghuo send 预警.xml --watch --key-file issuer.key
cli-watch = 看着一条预警，直到送完
    .examples =
        fenghuo watch 0198c0de-…
        fenghuo watch 0198c0de-… --every 10 --json
cli-follow = 替一幢楼的屏幕跟随网关，断线时继续播放并说明多久以前的
    .more = 从网关取各屏幕的已签名内容，核对签名后存盘，用同样的地址提供给楼里的屏幕。断线时预警播到各自失效为止，
        屏幕上注明从何时起失联；什么都不知道时就说不知道，从不说平安。公钥在第一次使用时固定，或用 --keys 给出。
    .examples =
        fenghuo follow https://warn.example --screens screens.txt --data 目录 --listen 0.0.0.0:12380
cli-status = 最近的预警，或一条预警的数字
    .examples =
        fenghuo status --active
        fenghuo status 0198c0de-… --json
cli-correct = 更正一条误发的预警
    .more = 发出与预警一起签发的更正：未发出的立即撤回，收到过或可能收到过的人都会收到，红色和橙色预警用他们的每一个渠道。先显示将要发生什么，再要求输入一个词；没有终端时从不询问，要写 --yes，真实的红色预警另外要写 --confirm red。
    .examples =
        fenghuo correct 0198c0de-… --dry-run
        fenghuo correct 0198c0de-… --yes --reason "演练脚本误作实际发布"
cli-lift = 解除一条预警
    .more = 未发出的立即撤回，解除消息只发给已经发到的人。先显示将要发生什么，再要求输入一个词；没有终端时从不询问，要写 --yes，真实的红色预警另外要写 --confirm red。
    .examples =
        fenghuo lift 0198c0de-… --dry-run
        fenghuo lift 0198c0de-… --yes --reason "雨已停"
cli-retry = 把失败的再发一次
    .more = 默认重发原因可能已经过去的；被服务商拒绝的要用 --failed-by 点名。走平常的路：限速、演练隔离和失效检查照旧。没有终端时从不询问，必须写 --yes。同一个 --nonce 不论给几次都是一次。
    .examples =
        fenghuo retry 0198c0de-… --channel sms
        fenghuo retry 0198c0de-… --yes --reason "运营商已恢复"
cli-import = 导入收件人
    .more = CSV（UTF-8 或 GB18030，首行是列名）或 NDJSON（每行一个）。错的行逐行报告，对的行照常导入；同一文件再导入一次不会改变什么。
    .examples =
        fenghuo import 名册.csv --dry-run
        fenghuo import people.ndjson
cli-keys = 发放、列出、停用密钥
    .more = 写 --data 时直接在数据目录里做，那时网关不能在运行；否则通过 --server 的网关做，要有安全管理员的密钥。
cli-keys-create = 发放一个密钥；密钥只显示这一次
    .examples =
        fenghuo keys create --role issuer --issuer flood --data 数据目录
        fenghuo keys create --role operator
cli-keys-list = 列出密钥，不含密钥本身
    .examples = fenghuo keys list --data 数据目录
cli-keys-revoke = 停用一个密钥
    .examples = fenghuo keys revoke key-4f1c0c5a9e01b2d3
cli-verify = 核验数据目录：日志没有被改写或截断
    .more = 不改变任何东西，网关运行时也可以做。
    .examples = fenghuo verify --data 数据目录
cli-migrate = 把数据目录搬进几个节点共用的 Redis
    .more = 先停下网关。记录的版本、日志的序号、时间和散列都不变。新的存储在任何节点能打开之前先读回来核对：每一类的条数和摘要，日志从第一行到最后的散列。数据目录只读不改。中断了就从头再搬；已有的存储从不覆盖。
    .examples = fenghuo migrate --from 数据目录 --to redis://10.0.0.21:6379 --password-file redis-password
cli-explain = 解释一个代码：是什么意思，怎么办
    .more = 问题代码、规则、未送达的原因、状态、设置的问题和退出码。不需要网络。不写代码时列出全部。
    .examples =
        fenghuo explain area-unknown
        fenghuo explain recipient_refused
        fenghuo explain 3
cli-completions = 打印命令补全脚本
    .examples = fenghuo completions bash > /etc/bash_completion.d/fenghuo
cli-man = 把手册页写到一个目录
    .examples = fenghuo man /usr/local/share/man/man1
cli-version = 版本和提交
    .examples = fenghuo version --json
cli-help = 帮助：一个命令，或 exit-codes、environment
    .examples =
        fenghuo help send
        fenghuo help exit-codes

# 选项和参数。
cli-arg-json = 结果写成 JSON，进度写成 JSON 行
cli-arg-quiet = 只有结果和错误
cli-arg-lang = 语言：zh-CN 或 en；默认看 LC_ALL、LC_MESSAGES、LANG
cli-arg-help = 显示帮助；-h 短，--help 长
cli-arg-version = 显示版本
cli-arg-config = 设置文件（FENGHUO_CONFIG）；默认依次找 fenghuo.toml、config/fenghuo.toml、/etc/fenghuo/fenghuo.toml
cli-arg-server = 网关的地址（FENGHUO_SERVER）；默认 http://127.0.0.1:12379
cli-arg-key-file = 装有密钥的文件（FENGHUO_KEY_FILE）
cli-arg-every = 没有终端时隔多少秒写一行进度；默认 60
cli-arg-data = 数据目录（FENGHUO_DATA）
cli-verify-arg-config = 设置文件；其中写了 store.url 就核验几个节点共用的存储
cli-migrate-arg-from = 要搬的数据目录；只读
cli-migrate-arg-to = 搬到哪里：redis://主机:端口，rediss:// 带 TLS，redis+sentinel://主机,主机/服务名，redis+cluster://主机,主机
cli-migrate-arg-user = Redis 的用户；默认它的默认用户
cli-migrate-arg-password-file = 存放密码的文件
cli-migrate-arg-ca-file = 签发服务器证书的证书；默认系统的
cli-migrate-arg-prefix = Redis 里名字的开头；默认 fenghuo
cli-migrate-arg-replicas = 几个副本都有了全部内容，才让节点打开；默认 0
cli-follow-arg-url = 网关的地址
cli-follow-arg-screens = 屏幕清单：每行一个屏幕页面地址（含密钥），或“编号 密钥”
cli-follow-arg-listen = 监听地址；默认 127.0.0.1:12380
cli-follow-arg-data = 存放内容的目录（FENGHUO_DATA）
cli-follow-arg-keys = 网关公钥的文件（/screens/keys.json）；不写就在第一次使用时固定
cli-arg-listen = 监听地址，例如 127.0.0.1:12379（FENGHUO_LISTEN）
cli-arg-recipients = 样例收件人的个数，1 到 1000000；默认 10000
cli-arg-exit = 送完就结束，打印汇总
cli-arg-files = 文件，每个一条预警；- 表示标准输入
cli-arg-speed = 预警之间的间隔缩短到几分之一，1 到 1000000，默认 60
cli-arg-live = 另外询问每条线路的服务商和共用存储的服务器，什么都不发送
cli-arg-deny-warnings = 有提示也算失败
cli-arg-file = 文件；- 表示标准输入
cli-arg-watch = 提交后看着它，直到送完
cli-arg-dry-run = 照样检查，什么都不保存、不发送
cli-arg-idempotency-key = 重复提交的标记；同一标记同样内容只做一次
cli-arg-id = 编号
cli-arg-active = 只列出仍然有效的
cli-arg-limit = 最多列出几条；默认 20
cli-arg-yes = 不再询问
cli-arg-confirm = 确认用的词：真实的红色预警写 red，其余写命令的名称或级别
cli-arg-text = 解除的正文；不写则用与预警一起签发的
cli-arg-reason = 理由，记入日志
cli-arg-channel = 只重发这个渠道：sms、wechat、push、email、display、broadcast 或 webhook
cli-arg-failed-by = 因为这些原因失败的，用逗号分开；默认是可能已经过去的
cli-arg-nonce = 这次命令的标记，同一个标记只发一次；默认用新的
cli-arg-coordinates = 文件里经纬度的坐标系：wgs84（默认）或 gcj02（高德、腾讯地图）
cli-arg-format = csv 或 ndjson；默认看文件名
cli-arg-role = 角色：issuer 发布、approver 签发、operator 值班、auditor 审计、security 安全、admin 系统、screen 屏幕
cli-arg-issuer = 密钥属于哪个发布单位（角色 issuer）
cli-arg-screen = 密钥属于哪块屏幕（角色 screen）
cli-arg-person = 由谁持有；签字时按人区分
cli-arg-note = 备注：给谁，做什么用
cli-arg-code = 代码；不写则列出全部
cli-arg-shell = bash、zsh、fish、powershell 或 elvish
cli-arg-directory = 目录
cli-arg-topic = 命令的名称，或 exit-codes、environment
cli-demo-arg-data = 数据目录；不写则用临时目录，结束时删除
cli-demo-arg-listen = 监听地址；默认 127.0.0.1:12379，被占用时取空闲的
cli-lift-arg-dry-run = 只显示将要发生什么
cli-correct-arg-dry-run = 只显示将要发生什么
cli-keys-create-arg-config = 共用存储的各节点的设置：密钥建在那里，用数据目录里的 seal.key
cli-keys-list-arg-config = 共用存储的各节点的设置
cli-keys-revoke-arg-config = 共用存储的各节点的设置
cli-keys-revoke-arg-id = 密钥编号
cli-heading-usage = 用法：
cli-heading-commands = 命令
cli-heading-options = 选项
cli-heading-arguments = 参数
cli-heading-examples = 例子：
cli-usage-options = [选项]
cli-usage-command = <命令>

# 参数不对时的话。
cli-usage-unknown-argument = 没有 { $argument } 这个选项
cli-usage-unknown-command = 没有 { $argument } 这个命令
cli-usage-missing = 缺少 { $argument }
cli-usage-no-command = 还要写做什么：{ $known }
cli-usage-not-a-value = { $argument } 不能是 { $got }，可以是 { $known }
cli-usage-wrong-value = { $argument } 不能是 { $got }
cli-usage-conflict = { $argument } 不能和 { $other } 一起用
cli-usage-count = { $argument } 的值的个数不对
cli-usage-other = 参数写得不对 { $argument }
cli-usage-help = 用法见 fenghuo { $command }--help

# 错误和说明。
cli-error = 错误：
cli-file-unreadable = 不能读写 { $file }：{ $cause }
    .action = 核对文件名和权限
cli-follow-started = 监听 { $address }，替 { $count } 块屏幕跟随 { $url }
cli-follow-list = { $file } 第 { $line } 行不是屏幕：应为屏幕页面地址，或“编号 密钥”
    .action = 从 /console/screens 复制屏幕页面地址，每行一个
cli-follow-keys = { $file } 里没有网关的公钥
    .action = 从网关的 /screens/keys.json 取得，经可靠的途径带来
cli-no-runtime = 系统不给线程：{ $cause }
    .action = 看系统的进程和内存限制
cli-no-config = 没有找到设置文件，找过 { $places }
    .action = 用 --config 指出设置文件；样例是 config/fenghuo.toml
cli-config-refused = 设置有 { $count } 处问题，网关没有启动
    .action = 按上面列出的改正，再用 fenghuo check 检查
cli-data-in-use = 数据目录 { $data } 正由一个网关使用
    .action = 通过它做：去掉 --data，写 --server 和 --key-file；或先停下它
cli-data-full = 数据目录 { $data } 所在的磁盘已满，预留空间也用完了
    .action = 在那块磁盘上腾出至少 16 MiB（先清旧日志和备份，数据目录里的文件不要动），再启动；已保存的什么都没有丢
cli-data-not-opened = 数据目录 { $data } 打不开：{ $cause }
    .action = 什么都没有改变；用 fenghuo verify 核验它
cli-store-not-opened = 各节点共用的存储打不开：{ $cause }
    .action = 什么都没有改变；用 fenghuo check --live 检查
cli-not-listening = 不能监听 { $address }：{ $cause }
    .action = 看是否已有网关在运行，或用 --listen 换一个地址
cli-route-not-built = 线路 { $route } 建不起来：{ $cause }
    .action = 改正它的 settings，再用 fenghuo check 检查
cli-not-started = 网关没有启动：{ $cause }
    .action = 用 fenghuo check 检查设置
cli-log-level = 没有 { $got } 这个日志级别
    .action = FENGHUO_LOG 写 error、warn、info、debug 或 trace
cli-server-wrong = 不能用这个服务器地址：{ $server } { $cause }
    .action = 写 http://主机:端口 或 https://主机
cli-unreachable = 连不上 { $server }：{ $cause }
    .action = 核对地址，看网关是否在运行
cli-no-answer = { $server } 没有答完：{ $cause }
    .action = 不知道做了没有；原样再试，不会做两次
cli-not-ours = { $server } 的应答（{ $status }）不是烽火的
    .action = 核对地址；中间可能有代理
cli-answer-unknown = 看不懂服务器的应答：{ $cause }
    .action = 客户端和服务器的版本可能不同，看 fenghuo version
cli-stdin-terminal = 标准输入是终端，没有内容可读
    .action = 写文件名，或用管道送进来
cli-not-stored = 没有存下：{ $cause }
    .action = 稍后原样再试
cli-import-format = 从文件名看不出格式
    .action = 写 --format csv 或 --format ndjson
cli-lift-needs-yes = 没有终端可以确认，什么都没有做
    .action = 加上 --yes；真实的红色预警另外要 --confirm red
cli-lift-needs-confirm = 结束这条预警要写明 --confirm { $word }，什么都没有做
    .action = 核对编号，再加上 --confirm
cli-lift-word = 没有写出 { $word }，什么都没有做
    .action = 要结束它就再来一次，写出这个词
cli-retry-needs-yes = 没有终端可以确认，什么都没有做
    .action = 加上 --yes
cli-retry-word = 没有写出 { $word }，什么都没有做
    .action = 要重发就再来一次，写出这个词
cli-replay-unreadable = 有 { $count } 个文件不是预警
    .action = 改正或去掉它们；代码的意思见 fenghuo explain CODE
cli-key-unknown = 没有编号为 { $id } 的密钥
    .action = 用 fenghuo keys list 看编号
cli-keys-subject = 角色 { $role } 的密钥要写明 { $flag }
    .action = 写出它属于哪个发布单位或屏幕
cli-keys-no-subject = 角色 { $role } 的密钥不能写这个选项；它的选项是 { $flag }
    .action = --issuer 只用于 issuer，--screen 只用于 screen
cli-migrate-address = 地址 { $store } 读不懂：{ $cause }
cli-migrate-in-use = 数据目录 { $data } 正被一个网关使用
    .action = 先停下那个网关：搬完之后它再收的会留在旧目录里
cli-migrate-inhabited = { $store } 里已有存储：{ $cause }
    .action = 什么都没有改变。换一个服务器、数据库或 --prefix
cli-migrate-not-begun = 不能搬到 { $store }：{ $cause }
    .action = 看 Redis 是否在运行，核对地址、用户和密码
cli-migrate-failed = { $data } 没有搬成：{ $cause }
    .action = 数据目录和原来一样，没有搬完的存储哪个节点也打不开。排除原因后再搬一次
cli-verify-unreadable = 数据目录 { $data } 不能核验：{ $cause }
    .action = 核对目录和读取权限
cli-explain-unknown = 没有 { $code } 这个代码
    .action = 不带代码的 fenghuo explain 列出全部
cli-help-unknown = 没有关于 { $topic } 的帮助
    .action = fenghuo --help 列出全部命令
cli-key-file-hint = 没有给出密钥：用 --key-file 或 FENGHUO_KEY_FILE
cli-explain-hint = 详见 fenghuo explain { $code }
cli-serve-started =
    烽火 { $version }（{ $commit }）正在监听 { $address }
      数据 { $data}
      设置 { $files }
      控制台 { $address }/console/    接口 { $address }/docs/
cli-serve-stopping = 正在停止：等在途的结束。再按一次立即停止
cli-send-created = 已接收 { $id }  { $level }  { $status }  { $headline }
cli-send-repeat = 此前已接收 { $id }  { $level }  { $status }  { $headline }
cli-send-next = 接着可以：fenghuo watch { $id }
cli-preflight = 可以提交；什么都没有保存。将要送到：
cli-preflight-channel = { $channel } { $count } 人
cli-preflight-route-refuses = 通路 { $route } 发不了：{ $cause }
cli-preflight-route-makes = 通路 { $route } 发出的是（{ $count } 条）：
cli-preflight-segments = { $count } 条短信
cli-preflight-first = 立即 { $count } 人，其余在没有回应时再发
cli-preflight-pace = 每秒 { $rate }，前面排着 { $ahead }
cli-preflight-finish = { $finish } 发完
cli-preflight-never = 何时发完无法预计
cli-preflight-miss = { $count } 份来不及
cli-preflight-all-segments = 共 { $count } 条短信
cli-preflight-cost = 费用 { $cost }
cli-preflight-people = 共 { $people } 人，{ $finish }
cli-preflight-usual = 平时 { $median }，最多 { $largest }（最近 { $count } 条预警）；这次是平时的 { $ratio } 倍
cli-status-empty = 没有预警
cli-as-of = 截至 { $as_of }
cli-correct-plan =
    将要更正（说明它是误发的）：{ $headline }
      级别 { $level }，{ $status }，{ $stage }，编号 { $id }
      未发出的立即撤回；收到过或可能收到过的人会收到与预警一起签发的更正
cli-correct-ask = 输入 { $word } 确认更正：
cli-correct-done = 已提交更正 { $id }，更正的是 { $lifted }
cli-lift-plan =
    将要解除：{ $headline }
      级别 { $level }，{ $status }，{ $stage }，编号 { $id }
      未发出的立即撤回；已经发到的人会收到解除消息
cli-lift-text =   正文：{ $text }
cli-lift-ask = 输入 { $word } 确认解除：
cli-lift-done = 已提交解除 { $id }，解除的是 { $lifted }
cli-replay-warning = +{ $after } 秒  { $kind }  { $identifier }  { $headline }
cli-replay-refused = +{ $after } 秒  { $kind }  { $identifier }  { $headline }  被拒绝：{ $codes }
cli-replay-dead = { $channel }：{ $count } 个空号或无效地址：{ $list }
cli-replay-silent = { $count } 块屏幕没有显示它：{ $list }
cli-replay-total = { $warnings } 条预警，{ $refused } 条被拒绝；{ $deliveries } 次投递：已交运营商 { $accepted }，已送达 { $delivered }，已确认 { $confirmed }，失败 { $failed }；{ $speed } 倍速，用时 { $seconds } 秒；没有反应的屏幕 { $silent } 块：{ $screens }
cli-retry-plan = { $headline } 失败的投递，编号 { $id }：
cli-retry-failed =   { $channel }  { $count }  { $why }
cli-retry-ask = 输入 { $word } 重发其中可能成功的：
cli-retry-done = 已放回 { $count } 条
cli-retry-left = 留下：{ $channel }  { $count }  { $why }
cli-import-done = 共 { $lines } 条：新增 { $created }，变更 { $changed }，不变 { $unchanged }，未导入 { $rejected }
cli-import-line = 第 { $line } 行 { $column }  { $code }  { $sentence }
cli-import-more = 另有 { $count } 处没有列出
cli-keys-created = 密钥 { $id }（{ $role }）；请保存，不会再显示
cli-keys-revoked = 已停用 { $id }
cli-migrate-done = 已搬完并核对：记录 { $records } 条；日志末尾 { $sequence } { $hash }
cli-migrate-next = 在每个节点的设置里写 store.url = "{ $store }"，把 { $key } 放进每个节点的数据目录。旧目录留到新的存储有了备份为止，不要再在它上面启动网关。
cli-verify-sound = 完好：日志没有被改写或截断
cli-verify-broken = 有损坏
cli-verify-counts = 日志 { $rows } 行、{ $entries } 条，记录 { $records } 条；日志末尾 { $sequence } { $hash }；为磁盘写满预留 { $reserve } MiB
cli-verify-progress = 已看 { $rows }/{ $of } 行，记录 { $records } 条
cli-explain-more = 说明
cli-explain-so = 后果
cli-explain-action = 怎么办
cli-explain-who = 由谁做
cli-man-done = 手册页已写到 { $directory }
cli-check-passed = 可以启动；提示 { $advice } 条，错误 { $errors } 处
cli-check-refused = 不会启动：错误 { $errors } 处，提示 { $advice } 条
cli-check-counts =
    文件 { $files }
    线路 { $routes }  发布单位 { $issuers }  地区 { $areas }  灾种 { $hazards }  语言 { $languages }
cli-check-sample = 通路 { $route }：样例（{ $language }）{ $count } 条
cli-check-sample-drill = 通路 { $route }：演练样例（{ $language }）{ $count } 条
cli-check-sample-other = 通路 { $route }：样例（{ $language }）{ $count } 条，发出的是：{ $text }
cli-check-sample-drill-other = 通路 { $route }：演练样例（{ $language }）{ $count } 条，发出的是：{ $text }
cli-check-probe-ok = 线路 { $route } 通
cli-check-probe-failed = 线路 { $route } 不通：{ $cause }
cli-demo-stored = 已存入 { $count } 名样例收件人和 { $screens } 块屏幕，用时 { $ms } 毫秒
cli-demo-links =
    控制台   { $url }/console/
    登录密钥 { $key }
    屏幕     { $url }/console/screens
    接口     { $url }/docs/
    自己试   curl -H @{ $header } -H 'Content-Type: application/cap+xml' --data-binary @{ $file } { $url }/v1/warnings
    数据     { $data }
    这里的一切都是模拟的演练，任何人都收不到。
cli-demo-sent = 已提交红色演练 { $id }，{ $url }/console/warnings/{ $id }
cli-demo-stays = 送完了。网关仍在运行：{ $url }/console/    按 Ctrl-C 结束
cli-progress-line = { $as_of } { $stage }：{ $channels }
cli-bar-message = 已交 { $accepted } 已到 { $delivered } 已确认 { $confirmed } 未达 { $failed } · { $rate }/秒
cli-reason-line = { $channel }：{ $reason }（{ $code }）{ $count }
cli-people-line = 应送达 { $addressed } 人；至少一个渠道 { $one } 人，至少两个渠道 { $two } 人
cli-column-id = 编号
cli-column-level = 级别
cli-column-status = 性质
cli-column-stage = 阶段
cli-column-received = 接收时间
cli-column-headline = 标题
cli-column-channel = 渠道
cli-column-audience = 应送
cli-column-role = 角色
cli-column-person = 持有人
cli-column-subject = 属于
cli-column-created = 发放时间
cli-column-revoked = 停用时间
cli-column-note = 备注
cli-column-pending = 等待
cli-column-in-flight = 途中
cli-column-accepted = 已交
cli-column-delivered = 已到
cli-column-confirmed = 已确认
cli-column-failed = 未达
cli-column-expired = 过期
cli-column-withdrawn = 撤回
cli-column-superseded = 被取代
cli-meant-actual = 真实
cli-meant-exercise = 演练
cli-meant-test = 测试
cli-meant-system = 系统
cli-meant-draft = 草稿
cli-ended-lifted = 已解除
cli-ended-corrected = 已更正
cli-ended-stopped = 已停止转发
cli-ended-superseded = 已被取代
cli-ended-expired = 已失效

# 帮助的专题。
cli-help-exit-codes = 退出码
cli-help-exit-codes-more = 其余的数字都当作失败；以后可能增加。
cli-help-environment =
    环境变量
      FENGHUO_CONFIG     设置文件（serve、check）
      FENGHUO_DATA       数据目录
      FENGHUO_LISTEN     监听地址
      FENGHUO_SERVER     网关的地址（客户端命令）
      FENGHUO_KEY_FILE   装有密钥的文件
      FENGHUO_LOG        日志级别：error、warn、info、debug、trace
      LC_ALL、LC_MESSAGES、LANG  语言
      NO_COLOR、CLICOLOR_FORCE、TERM=dumb  颜色和动画

    设置文件里的任何键：FENGHUO_ 加路径，大写，各段之间两个下划线，例如
      FENGHUO_SERVER__LISTEN=127.0.0.1:12379
      FENGHUO_ROUTES__SMS_CMCC__RATE_PER_S=200
    密钥和口令不从环境变量读，只从文件读。
