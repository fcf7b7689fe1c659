//! The templates of `config/templates`, inside the program.

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of each.
        pub(super) const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../../config/templates/", $name)))),+];
    };
}

files![
    "display.en.text.txt",
    "display.en.title.txt",
    "display.zh-CN.text.txt",
    "display.zh-CN.title.txt",
    "email.en.html",
    "email.en.lift.subject.txt",
    "email.en.subject.txt",
    "email.en.text.txt",
    "email.zh-CN.html",
    "email.zh-CN.lift.subject.txt",
    "email.zh-CN.subject.txt",
    "email.zh-CN.text.txt",
    "push.en.lift.title.txt",
    "push.en.text.txt",
    "push.en.title.txt",
    "push.zh-CN.lift.title.txt",
    "push.zh-CN.text.txt",
    "push.zh-CN.title.txt",
    "sms.en.lift.short.txt",
    "sms.en.lift.text.txt",
    "sms.en.short.txt",
    "sms.en.text.txt",
    "sms.zh-CN.lift.short.txt",
    "sms.zh-CN.lift.text.txt",
    "sms.zh-CN.short.txt",
    "sms.zh-CN.text.txt",
    "wechat.en.lift.title.txt",
    "wechat.en.text.txt",
    "wechat.en.title.txt",
    "wechat.zh-CN.lift.title.txt",
    "wechat.zh-CN.text.txt",
    "wechat.zh-CN.title.txt",
];
