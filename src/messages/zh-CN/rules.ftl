# 读取和核对预警时发现的问题：一句话说明哪里不对，.action 说明怎么办。

document-too-large = 文件超过 {$most} 字节。
    .action = 把附件改为 uri 链接，或删去附件后再发。

encoding-unknown = XML 声明的编码 {$got} 不是已知的编码。
    .action = 声明并使用 UTF-8 或 GB18030。

encoding-conflict = XML 声明的编码是 {$got}，但文件实际是 {$seen}。
    .action = 让声明与文件的实际编码一致，最好用 UTF-8。

encoding-bytes = 文件中有不符合 {$encoding} 编码的字节。
    .action =
        { $likely ->
             [GB18030] 这些字节像是 GB18030：请转换为 UTF-8，或在声明中写 encoding="GB18030"。
            *[none] 按声明的编码重新保存文件。
        }

xml-none = 内容不是 XML。
    .action = 发送以 <alert> 为根元素的 CAP 1.2 文件，或改用 application/json。

xml-syntax = 此处的 XML 标记不完整或写法有误。
    .action = 检查尖括号、引号和 & 符号；正文中的 < 写作 &lt;，& 写作 &amp;。

xml-tag-mismatch = 结束标记 {$got} 与打开的元素 {$element} 不一致。
    .action = 在此处先关闭 {$element}。

xml-unfinished = 文件在元素 {$element} 关闭之前就结束了。
    .action = 文件可能在传输中被截断：重新发送完整文件。

xml-after-end = 根元素结束之后还有内容。
    .action = 一次只发送一个文件，删去根元素之后的内容。

xml-character = 含有 XML 不允许的字符 {$character}。
    .action = 删去这个字符。

xml-entity = 引用了未定义的实体 {$got}。
    .action = 只用 &lt; &gt; &amp; &quot; &apos; 和数字字符引用，其他字符直接写出。

xml-doctype = 文件带有 DOCTYPE 声明，出于安全不接受。
    .action = 删去 DOCTYPE；CAP 不需要它。

xml-prefix = 命名空间前缀 {$got} 没有声明。
    .action = 在根元素上声明 xmlns:{$got}。

xml-attribute-repeated = 同一元素上属性 {$got} 出现两次。
    .action = 只保留一个。

xml-too-deep = 元素嵌套超过 {$most} 层。
    .action = 按 CAP 1.2 的结构书写，不要多层包裹。

xml-too-many-attributes = 一个元素上的属性超过 {$most} 个。
    .action = 删去属性；CAP 元素没有属性。

xml-too-many-elements = 文件中的元素超过 {$most} 个。
    .action = 把预警拆成几份，或用上级区域编码代替逐个列举。

cap-wrong-root = 根元素是 {$got}，不是 alert。
    .action = 发送以 <alert> 为根元素的 CAP 1.2 文件。

cap-no-namespace = 根元素 alert 没有命名空间。
    .action = 在根元素上写 xmlns="urn:oasis:names:tc:emergency:cap:1.2"。

cap-namespace-unknown = 命名空间 {$got} 不是 CAP 1.2。
    .action = 使用命名空间 urn:oasis:names:tc:emergency:cap:1.2。

cap-version-unsupported = 这是 CAP {$version} 文件；只接受 CAP 1.2。
    .action = 由发送方升级到 CAP 1.2 后再发。

cap-wrapped =
    这是 { $form ->
         [EDXL-DE] EDXL-DE 信封
         [Atom] Atom 订阅源
         [RSS] RSS 订阅源
        *[alerts] 一批预警
    }，预警包在其中。
    .action = 取出其中的 alert 元素，每份预警单独发送。

cap-element-missing = 缺少必需的元素 {$element}。
    .action = 按 CAP 1.2 规定的位置补上 {$element}。

cap-element-unknown = CAP 1.2 在此处没有元素 {$got}。
    .action =
        { $near ->
             [yes] 是不是 {$suggestion}？改正名称，或删去它。
            *[no] 删去它；附加信息写在 parameter 中。
        }

cap-element-foreign = 元素 {$got} 属于另一个命名空间（{$namespace}），不能出现在此处。
    .action = 删去它；附加信息写在 parameter 中。

cap-element-order = 元素 {$element} 的位置不对。
    .action = 把 {$element} 移到 {$before} 之前；CAP 1.2 规定了顺序。

cap-element-repeated = 元素 {$element} 出现多次，只允许一次。
    .action = 只保留一个 {$element}。

cap-text-stray = 元素之间有游离的文字“{$got}”。
    .action = 删去，或放进相应的元素。

cap-attribute-unexpected = 元素带有属性 {$got}；预警的元素没有属性。
    .action = 删去该属性。

national-element-missing = 缺少必填的元素 {$element}，或者它是空的。
    .action = 按《突发事件预警信息取值规则及说明》补上 {$element}。

national-element-unknown = 12379 格式在此处没有元素 {$got}。
    .action =
        { $near ->
             [yes] 是不是 {$suggestion}？改正名称，或删去它。
            *[no] 删去它，或改用 CAP 1.2 发送。
        }

national-wrong-root = 这不是 12379 格式的文件（根元素 {$got}）。
    .action = 发送以 <alert> 为根元素、带有 senderCode 和 sendTime 的文件。

national-time-form = 时间“{$got}”的写法不对。
    .action = 写作 2026-07-15 14:40:00+08:00：日期和时刻之间是一个空格，秒和时区都要写。

national-status = {$got} 不能进入国家预警信息发布平台：12379 格式只有 Actual（实际）和 Test（测试）。
    .action = 演练只在本地进行，用 CAP 1.2 或 JSON 发送；需要联调平台时用 Test。

national-sender-code = 发布单位编码应是 14 位数字。
    .action = 写国家平台分配的编码（senderCode）；本单位的 sender 不是编码时，写在参数 CN-12379.senderCode 中。

national-identifier-form = 预警标识“{$got}”的写法不对。
    .action = 写作“14 位单位编码_14 位录入时间”，例如 23010041600000_20211107160846，后面可以带“_”和一位数字。

national-identifier-sender = 预警标识中的单位 {$got} 与 senderCode 不一致。
    .action = 让标识以本单位的 senderCode 开头。

national-reference-form = 引用“{$got}”不是一个 12379 的预警标识。
    .action = 写事件首发预警的标识，只写一个，例如 23010041600000_20211107160846。

national-event-type = 事件类型“{$got}”不是编码。
    .action = 写五位的事件类型编码，例如 11B03；在 JSON 和 CAP 中写在名为 CN-12379 的事件编码里。

national-geocode-form = “{$got}”不是行政区划代码。
    .action = 写 12 位的代码，例如 230109000000，多个之间用逗号分隔。

national-field-missing = 12379 格式必须有 {$element}，这条预警没有。
    .action = 补上后重新发布；发布手段写在参数 CN-12379.method 中，或在地址上写 methods=SMS,WEB。

national-cannot-say = 12379 格式无法表达此处的内容（{$got}）。
    .action = 用 CAP 1.2 转发这条预警；12379 格式只有公开的首发、更新和解除，一份只有一种语言，没有高度。

national-unsaid = 12379 格式没有地方写这一项，文件中没有它。
    .action = 需要它的接收方请用 CAP 1.2。

national-zip-broken = 压缩包不完整，或者不是 zip。
    .action = 重新打包（zip，deflate 压缩）后再发；传输时不要改动。

national-zip-encrypted = 压缩包里的 {$got} 加了密码。
    .action = 不加密码重新打包；传输由 HTTPS 保护。

national-zip-method = 压缩包里的 {$got} 用了不支持的压缩方式。
    .action = 用 deflate（一般软件的默认方式）或不压缩，重新打包。

national-zip-entries = 压缩包里的文件超过 {$most} 个。
    .action = 只放一份预警和它的附件，删去其余文件。

national-zip-unpacks = 压缩包解开后超过 {$most} 字节，或者压缩比异常。
    .action = 缩小扫描件（每页 300 KB 通常足够），或减少附件。

national-zip-form = 压缩包里应当正好有一份 XML，现有 {$got} 份。
    .action = 一个压缩包只放一份预警，放在最外层，不要放进文件夹。

national-zip-name = 压缩包里的 {$got} 不合附件命名规则。
    .action = 审批单扫描件命名为“预警文件名_P_01.jpg”，其他附件命名为“预警文件名_O_01.pdf”，都放在最外层。

national-zip-twice = 压缩包里有重名的文件（{$got}）。
    .action = 只保留一个，或者改用不同的序号；大小写不同的名字也算重名。

national-attachment-missing = 预警中列出的附件 {$got} 不在压缩包里。
    .action = 把它放进压缩包，或从预警中删去这个 resource。

national-attachment-differs = 附件 {$got} 与预警中写的摘要（SHA-1）不一致。
    .action = 附件可能已损坏或被换过：核对后重新生成摘要，再打包。

national-file-name = 预警文件名 {$got} 与内容不符，按内容应当是 {$expected}。
    .action = 核对是不是放错了文件；内容无误时照常接收。

json-syntax = 此处不符合 JSON 语法。
    .action = 检查引号、逗号和括号；文件可能被截断。

json-too-many-values = JSON 的值超过 {$most} 个，或嵌套超过 {$depth} 层。
    .action = 减少多边形的点数，或把预警拆成几份。

json-type = 此处的值类型是 {$got}，应为 {$expected}。
    .action = 按接口说明改正类型。

json-field-missing = 缺少必需的字段 {$field}。
    .action = 补上 {$field}。

json-field-unknown = 没有名为 {$got} 的字段。
    .action =
        { $near ->
             [yes] 是不是 {$suggestion}？改正名称，或删去它。
            *[no] 删去它；附加信息写在 parameters 中。
        }

json-field-repeated = 字段 {$field} 出现多次。
    .action = 只保留一个。

level-conflict = level 是 {$got}，而 severity 是 {$severity}，两者不一致。
    .action = 只写其中一个，或让两者一致。

hazard-form = hazard 的值 {$got} 不是国家事件编码。
    .action = 写五位编码，如 11B03；其他编码写在 event_codes 中。

hazard-conflict = hazard 是 {$got}，而 event_codes 中的 CN-12379 是 {$other}。
    .action = 只写其中一个，或让两者一致。

value-unknown = 值“{$got}”不在允许的取值之内。
    .action =
        { $near ->
             [yes] 是不是 {$suggestion}？
            *[no] 改为允许的值。
        } 允许的值：{$allowed}（前后不能有空格）。

time-form = 时间“{$got}”的写法不对。
    .action = 写成 2026-07-15T14:40:00+08:00：中间是 T，带秒，不带小数，时区写 +08:00 而不是 Z。

time-no-such = 没有“{$got}”这个时间。
    .action = 检查月、日、时和时区。

time-zero-offset = 时间 {$got} 的时区是 +00:00，可能是忘记写时区的当地时间。
    .action = 确认时间；北京时间写 +08:00，世界时写 -00:00。

number-form = “{$got}”不是此处可用的数字。
    .action = 写十进制数字，不用指数，不带单位。

reference-form = 第 {$number} 个引用不是“发送者,标识,时间”三段。
    .action = 写成 sender,identifier,sent，几个引用之间用空格分开。

list-quote = 列表中的引号没有闭合。
    .action = 含空格的项用一对双引号括起。

polygon-form = 多边形的坐标写法不对。
    .action = 写“纬度,经度”，各点之间一个空格；JSON 中写 [纬度, 经度]。

circle-form = 圆的写法不对：{$got}。
    .action = 写“纬度,经度 半径”，半径以千米计。

identifier-empty = 标识为空。
    .action = 写一个在该发送者的消息中唯一的标识。

identifier-characters = 标识中有不允许的字符 {$character}。
    .action = 标识中不能有空格、逗号、< 和 &。

sender-empty = 发送者为空。
    .action = 写发送单位的唯一标识。

sender-characters = 发送者中有不允许的字符 {$character}。
    .action = 发送者中不能有空格、逗号、< 和 &；单位全称写在 senderName 中。

references-required = {$kind} 没有引用任何先前的消息。
    .action = 在 references 中写出本事件所有未到期的消息。

reference-self = 消息引用了自己（{$got}）。
    .action = 引用先前的消息；新消息用新的标识。

reference-unknown = 引用的消息“{$got}”不在这里。
    .action = 核对引用；它如果还没有交来，先交它。
    .more = 更新照常发布，作为一个新的事件；解除不发给任何人，因为没有人从这里收到过它要解除的。被引用的消息以后再来会被拒绝：它来之前就已经过时。

event-newer-stands = 这个事件有更新的消息“{$newer}”（{$at}），这条的时间 {$got} 比它早。
    .action = 写明现在的发送时间，并引用“{$newer}”，再发。
    .more = 按发送时间排先后：旧的不能取代新的。引用了更新的那条，就不再看时间。解除不会因此被拒绝，它结束除那一条以外的全部。

event-lifted = 引用的事件已经由“{$got}”（{$at}）解除。
    .action = 更新会作为新的事件发布；再次解除不发给任何人。

event-lifted-since = 引用的事件后来已由“{$newer}”（{$at}）解除，这条的时间 {$got} 比它早。
    .action = 仍须预警时，用现在的发送时间发布新的预警。

event-several = 引用的消息属于 {$count} 个没有结束的事件。
    .action = 每个事件各发一条。

reference-later = 引用的消息时间 {$got} 晚于本消息。
    .action = 核对引用和发送时间。

restriction-scope = scope 是 {$scope}，却写了 restriction。
    .action = 删去 restriction，或把 scope 改为 Restricted。

restriction-required = scope 是 Restricted，却没有写 restriction。
    .action = 写明谁可以看到；面向公众的用 Public。

addresses-required = scope 是 Private，却没有收件地址。
    .action = 在 addresses 中写出收件者。

list-item-form = 列表中有空项或带双引号的项。
    .action = 删去空项，去掉双引号字符。

info-required = {$kind} 没有任何内容（info）。
    .action = 至少写一个 info。

category-required = 没有事件类别。
    .action = 至少写一个 category，如 Met。

event-empty = 事件名称为空。
    .action = 写事件名称，如 暴雨。

language-form = “{$got}”不是语言标记。
    .action = 用连字符，如 zh-CN，不用下划线。

web-form = “{$got}”不是完整的网址。
    .action = 写以 https:// 或 http:// 开头的完整网址。

expires-missing = 没有写失效时间。
    .action = 写 expires，到期后各渠道会自动停止。

expires-not-after-sent = 失效时间 {$got} 不晚于发送时间 {$sent}，消息一发出就已失效。
    .action = 改正 expires；解除预警请用 Cancel。

expires-not-after-effective = 失效时间 {$got} 不晚于生效时间 {$effective}。
    .action = 改正 expires 或 effective。

headline-long = 标题有 {$length} 个字符，超过 {$most} 个。
    .action = 缩短标题，详情写在 description 中。

text-blank = 文本是空白。
    .action = 写内容，或不写这个字段。

text-character = 文本第 {$position} 个字符 {$character} 是控制字符，无法传送。
    .action = 删去这个字符。

text-markup = 文本中有网页标记或字符实体；它们会原样显示给公众。
    .action = 改为纯文本。

text-same-in-two-languages = {$language} 与 {$other} 两种语言的文本相同，可能漏译。
    .action = 翻译其中一个，或删去多余的 info。

name-empty = 没有名称。
    .action = 写出名称，接收方才知道它是什么。

resource-nowhere = 附件无法取得：既没有完整的 uri，也没有内容。
    .action = 写完整的 uri，或在 derefUri（JSON 中为 content）中放入内容。

resource-content-form = 附件内容不是 base64。
    .action = 用标准 base64 编码内容。

mime-type-form = “{$got}”不是媒体类型。
    .action = 写如 image/png 的媒体类型。

area-missing = 内容没有给出任何地点，按区域无法送达任何人。
    .action = 写一个区域，带区域编码、多边形或圆。

area-description-empty = 区域没有名称。
    .action = 在 areaDesc（JSON 中为 description）中写区域名称。

polygon-points = 多边形只有 {$count} 个点，至少要 4 个。
    .action = 至少写三个不同的点，并在最后重复第一个点。

polygon-too-many-points = 多边形有 {$count} 个点，超过 {$most} 个。
    .action = 简化多边形，或改用区域编码。

polygon-open = 多边形没有闭合：{$got}。
    .action = 在最后重复第一个点。

polygon-flat = 多边形的点都在一条直线上，没有内部。
    .action = 改正坐标；一个点用圆表示。

polygon-crossing = 多边形的第 {$one} 条边与第 {$other} 条边相交。
    .action = 按轮廓顺序排列各点，或拆成几个多边形。

polygon-too-complex = 多边形过于复杂，无法逐边核对。
    .action = 简化多边形，或改用区域编码。

coordinate-range = 坐标 {$got} 超出范围。
    .action = 纬度在 -90 到 90 之间，经度在 -180 到 180 之间。

coordinate-swapped = 坐标 {$got} 的经度和纬度写反了。
    .action = 先写纬度，再写经度，如 45.8,126.5。

circle-radius = 圆的半径 {$got} 不可用。
    .action = 半径以千米计，不小于 0，不大于 20038。

ceiling-without-altitude = 写了 ceiling，却没有 altitude。
    .action = 补上 altitude，或删去 ceiling。

ceiling-below-altitude = ceiling {$got} 低于 altitude {$altitude}。
    .action = 改正高度，单位是英尺。

sent-in-future = 发送时间 {$got} 比本机时钟晚 24 小时以上。
    .action = 校准发送方的时钟，检查时区。

already-expired = 预警已于 {$got} 失效，不会向任何人发送。
    .action = 确认失效时间；仍然有效的请重新发送。

audience-unusual = 单个渠道将发给 {$count} 人，是平时 {$usual} 人的 {$times} 倍。
    .action = 核对地区：漏写或写错会发给太多的人。

audience-empty = 所有渠道上都没有人会收到。
    .action = 核对地区、状态和接收人名录：那里没有可以发这条预警的地址。

audience-everyone = 将发给名录中全部 {$count} 人，这个发布单位近来没有这样发过。
    .action = 确认确实要发给所有人；否则写明街道或社区。

audience-above-ceiling = 将发给 {$count} 人，超过该单位的上限 {$most} 人，须由应急办加签。
    .action = 请核对地区；确实要发给这么多人，请应急办签发。

area-only-named = 没有地区代码、多边形或圆说明发给谁，须由应急办加签。
    .action = 请给地区加上代码或多边形，只有名称选不出任何人。

conflict-other-level = {$issuer} 对同一地区的同一灾种已有{$level ->
        [red] 红色
        [orange] 橙色
        [yellow] 黄色
        [blue] 蓝色
       *[other] 未定级
    }预警：“{$got}”。
    .action = 请先商定一个级别，同一灾种两个级别没有人会相信。预警 {$id}。

conflict-not-updated = 本单位对同一地区的同一灾种已有预警仍然有效：“{$got}”。
    .action = 请作为更新发出并引用它，或者先解除它。预警 {$id}。

conflict-doubled = {$issuer} 对同一地区的同一灾种已经发布预警：“{$got}”。
    .action = 请确认是否还需要发布，否则公众会收到两次。预警 {$id}。

deadline-missed = 按现在的上限，失效之前有 {$count} 份来不及发出。
    .action = 推迟失效时间、缩小地区或缩短文字，或增加线路。

# 法律规定的八项。

item-level-missing = 没有写预警级别。
    .title = 缺少预警级别
    .action = 写 severity（JSON 里也可以写 level）：红色 extreme、橙色 severe、黄色 moderate、蓝色 minor。
    .more = 突发事件应对法第六十四条要求预警明确八项：类别、级别、起始时间、可能影响的范围、警示事项、应当采取的措施、发布单位、发布时间。这是第二项。向公众发布的真实预警缺任何一项都不收；演练、测试和转发的预警只提醒。
    .who = 发布单位的值班人员

item-start-missing = 没有写起始时间。
    .title = 缺少起始时间
    .action = 写 onset（预计开始的时间），或者 effective（从什么时候起有效）。
    .more = 突发事件应对法第六十四条八项中的第三项。CAP 把没有写 effective 的当作从发送时起有效，但看预警的人看不到这条约定。
    .who = 发布单位的值班人员

item-area-missing = 没有写可能影响的范围。
    .title = 缺少可能影响的范围
    .action = 写一个区域，带 12 位区划代码、多边形或圆；只有名称的区域找不到任何人。
    .more = 突发事件应对法第六十四条八项中的第四项。
    .who = 发布单位的值班人员

item-cautions-missing = 没有写警示事项。
    .title = 缺少警示事项
    .action = 在 description 里写清会发生什么、有什么危险。
    .more = 突发事件应对法第六十四条八项中的第五项。
    .who = 发布单位的值班人员

item-measures-missing = 没有写应当采取的措施。
    .title = 缺少应当采取的措施
    .action = 在 instruction 里写清公众现在应当做什么。
    .more = 突发事件应对法第六十四条八项中的第六项。
    .who = 发布单位的值班人员

item-issuer-missing = 没有写发布单位的名称。
    .title = 缺少发布单位
    .action = 在 sender_name（CAP 的 senderName）里写单位全称；sender 只是系统的标识。
    .more = 突发事件应对法第六十四条八项中的第七项。
    .who = 发布单位的值班人员

# 文字检查，只提醒。

text-time-ambiguous = “{$got}”没有写日期，隔天或过了零点看到的人会理解错。
    .action = 写上日期，例如“今晚（15日）”或“15日夜间”。
    .who = 发布单位的值班人员

text-brackets = 文本里有【或】，短信平台会把它当作签名而拒收。
    .action = 改用（）或《》；签名和演练标记由系统加上。
    .who = 发布单位的值班人员

text-level-differs = 文本里写的是“{$got}”，而这条预警的级别是 {$level}。
    .action = 核对级别和文字，两处要一致。
    .more = 更新预警可以提到原来的级别：标题里最后写的级别、正文里至少有一处应当是现在的级别。
    .who = 发布单位的值班人员

sms-segment-nearly-empty = 短信共 {$segments} 条，最后一条只有 {$over} 个字。
    .action = 删去 {$over} 个字，只发 {$fewer} 条，费用和发送时间随之减少。
    .more = 一条短信 70 个字，超出后每条 67 个字，包括签名、标点和空格。
    .who = 发布单位的值班人员

channel-cannot-carry = {$channel}渠道没有一条通路发得了这段文字：{$causes}
    .action = 缩短标题和正文，或请管理员备好短文本模板（sms.语言.short.txt）、增加能发的通路。文字从不截断。
    .more = 提交和签发时向每条通路的适配器询问；解除和转发的预警不因此拦下，发不了的渠道记为失败。
    .who = 发布单位的值班人员

route-cannot-carry = 通路 {$route} 发不了这段文字：{$cause}
    .action = 由该渠道的其他通路发送；要用这条通路，请缩短文字或请管理员备好模板。
    .who = 发布单位的值班人员

ending-cannot-be-carried = {$channel}渠道没有一条通路发得了与它一起签发的{$ending ->
        [correction] 更正
       *[lift] 解除
    }：{$causes}
    .action = 缩短解除或更正的文字（lift_text、correction_text），或请管理员备好短文本、解除用的模板。
    .more = 与预警一起签发的解除和更正到时一字不改地发出，所以签发前就问每条通路放不放得下。红色预警不因此拦下。
    .who = 发布单位的值班人员

ending-route-cannot-carry = {$channel}渠道有的通路发不了与它一起签发的{$ending ->
        [correction] 更正
       *[lift] 解除
    }：{$causes}
    .action = 到时由该渠道的其他通路发送；要用这些通路，请缩短文字或请管理员备好模板。
    .who = 发布单位的值班人员

screens-headline-only = 有 {$count} 块屏幕在观看距离上只看得清标题：{$names}
    .action = 把要做的事写进标题，或者接受那里只能看到标题。
    .who = 发布单位的值班人员

screens-too-small = 有 {$count} 块屏幕在观看距离上连标题也看不清：{$names}
    .action = 缩短标题，或者用别的办法通知那里的人。
    .who = 发布单位的值班人员

screens-size-unknown = 有 {$count} 块屏幕没有登记尺寸和观看距离，无法判断能不能看清。
    .action = 用 PUT /v1/screens/编号 补上 panel。
    .who = 管理员

screen-reading-long = 显示屏上的文字要读 {$seconds} 秒，超过 {$most} 秒。
    .action = 缩短文字，路过的人才读得完；上限是设置 texts.screen_reading_s。
    .more = 按每秒 5 个汉字或 15 个字母估算。
    .who = 发布单位的值班人员

shape-unplaced = 多边形或圆形范围所在的地区有 {$count} 个接收人没有位置，不会按范围选中（按位置选中 {$inside} 人）。
    .action = 要通知他们，请加上区划代码；或者导入他们的经纬度。

shape-widened = 区划代码把位置在多边形和圆形之外的 {$count} 人也选上了（范围之内 {$inside} 人）。
    .action = 两者是并集：只要范围之内的人，请去掉区划代码。

shape-beyond = 多边形或圆形之内有 {$count} 人不在本单位可以发布的地区，不会收到（会收到 {$inside} 人）。
    .action = 核对范围；要通知他们，请有权的单位发布。
