# 封存密钥:启动时的问题

seal-key-io = 密钥文件 { $path } 无法读取或创建。
    .action = 检查数据目录是否存在,运行账号能否读写。
seal-key-too-open = 密钥文件 { $path } 允许其他账号读取(权限 { $mode })。
    .action = 执行 chmod 600,并考虑谁可能已经读过它。
seal-key-malformed = 密钥文件 { $path } 已损坏,或属于另一个版本。
    .action = 从与数据分开保存的备份中恢复密钥文件。
seal-key-missing = 密钥文件 { $path } 不见了,而数据是用密钥 { $expected } 封存的。
    .action = 恢复这把密钥的备份。没有它,任何地址都打不开;不要新建密钥。
seal-key-wrong = 数据是用密钥 { $expected } 封存的,而密钥文件里是 { $found }。
    .action = 恢复正确的那把密钥,或核对数据目录是否拿错。
seal-key-store = 数据库没有应答,无法核对密钥。
    .action = 先排除数据库的问题,再启动。
