//! The site for residents.

use fenghuo_contract::Channel;

use super::Pass;

pub(super) fn check(pass: &mut Pass<'_>) {
    let public = &pass.config.public;
    if public.languages.is_empty() {
        pass.refuse("config-public-languages", &["public", "languages"], Vec::new());
    }
    let routes = &pass.config.routes;
    if let Some(name) = &public.push_route
        && routes.get(name).is_none_or(|route| route.adapter != "webpush")
        && (!pass.incomplete || routes.contains_key(name))
    {
        pass.refuse("config-public-push-route", &["public", "push_route"], vec![("got", name.clone())]);
    }
    let mail = routes.values().any(|route| route.channel == Channel::Email && route.actual);
    if public.email_subscriptions && !mail {
        pass.advise("config-public-no-mail", &["public", "email_subscriptions"], Vec::new());
    }
}
