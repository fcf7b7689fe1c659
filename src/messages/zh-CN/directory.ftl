# 收件人名录:运行中的问题

directory-unsealable = 名录第 { $row } 行的 { $channel } 地址打不开:它被改动过,或是从别处搬来的。
    .action = 用原来的数据重新导入这个收件人;并查明是谁改动了数据库。
directory-position-unsealable = 名录第 { $row } 行的位置打不开:它被改动过,或是从别处搬来的。
    .action = 用原来的数据重新导入这个收件人;并查明是谁改动了数据库。
directory-unreadable = 名录第 { $row } 行的记录已损坏。
    .action = 从备份恢复,或重新导入这个收件人。
