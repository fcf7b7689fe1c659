# 消息中的链接打开的页面。

confirm-title = 您收到这条预警了吗？
confirm-drill-title = 【演练】您收到这条演练消息了吗？
confirm-drill = 演练——没有真实险情
confirm-drill-say = 这是演练，没有发生险情，不需要采取任何行动。确认只表示演练消息已送到您这里。
confirm-drill-act = 演练：我已收到演练消息
confirm-drill-done = 谢谢，值班室已知道演练消息送到您这里。这是演练。
confirm-act = 我已收到
confirm-hint = 请按一下，让值班室知道您已收到。不会发送您的其他信息。
confirm-done = 谢谢，值班室已知道您收到了。
confirm-failed = 刚才没有保存成功，请再按一次。
confirm-ended-lifted = 这条预警已经解除。
confirm-ended-corrected = 这条预警是误发的，已经更正。
confirm-ended-stopped = 这条预警不再转发，是否解除以原发布单位发布的为准。
confirm-ended-superseded = 已有更新的消息代替这一条。
confirm-ended-expired = 这条预警已经失效。
confirm-unknown = 这个链接无效
confirm-unknown-hint = 请从消息中直接打开，或者完整复制链接。
confirm-officers = { $of } 位责任人中已有 { $confirmed } 位确认。
unsubscribe-title = 不再接收黄色和蓝色预警？
unsubscribe-act = 不再接收
unsubscribe-done = 您不再收到黄色和蓝色预警。
unsubscribe-hint = 橙色和红色预警关系生命安全，仍会发给您。要重新接收，请联系预警发布单位。
unsubscribe-duty = 您有值守职责，仍会收到全部预警。
unsubscribe-duty-hint = 职责变动请联系本单位的值班室。
