# 公共显示屏：失联、责任人、科普内容、登记。

notice-screen-silent = 显示屏失联：{ $screen }
    .detail = 您负责的显示屏{ $screen }（{ $id }）自 { $since } 起 { $minutes } 分钟没有来取内容，预警上不了这块屏。请检查电源、网络和播放器；恢复之前每小时再提醒一次。

notice-screen-back = 显示屏已恢复：{ $screen }
    .detail = 您负责的显示屏{ $screen }（{ $id }）又来取内容了，此前自 { $since } 起失联 { $minutes } 分钟。

alarm-screens-silent = 一半以上的显示屏同时失联
    .detail = { $of } 块屏里有 { $count } 块同时没有来取内容，最早的自 { $since } 起
    .more = 这么多屏同时坏掉很少见，多半是本网关的网络、地址或证书出了问题。这期间不逐一通知责任人；不足一半以后，仍然失联的才逐一通知。
    .action = 从屏幕所在的网络打开任一屏幕的页面，检查本机的网络、域名、证书和防火墙；屏幕显示着什么不能确定，必要时用别的渠道通知现场
    .who = 值班操作员和系统管理员

lesson-not-found = 没有这条科普内容
    .detail = 没有编号为 { $id } 的科普内容
    .action = 在 GET /v1/education 的结果里核对编号
    .who = 值班操作员
