//! What people see. Names come from a directory, and are text whatever is in them (A61).

use adlib::{
    USER_MESSAGE,
    tower::{Denial, Page},
};
use maud::{DOCTYPE, Markup, html};

use super::app::User;

/// The page of somebody with a session.
pub(super) fn greeting(user: &User) -> Markup {
    page(&html! {
        h1 { "Hello " span #user { (user.name) } "!" }
        p {
            "You are " code #account { (user.account) } ", by " span #mechanism { (user.mechanism) }
            "; channel bindings: " span #bindings { (user.bindings) } "."
        }
        p { "You are in:" }
        ul #groups {
            @for group in &user.groups { li { (group) } }
        }
        form method="post" action="/sign-out" { button { "Sign out" } }
    })
}

pub(super) fn signed_out() -> Markup {
    page(&html! {
        p #signed-out { "You are signed out here, and still signed in at your computer." }
        p { a href="/" { "Sign in again" } }
    })
}

/// The page of somebody who is not let in: why is the operator's to know (R9).
pub(super) fn denied(denial: Denial) -> Page {
    let content = match denial {
        Denial::SignInNeeded => how_to_get_a_ticket(),
        Denial::Unavailable => html! { p #later { "Nobody can sign you in now. Please try again later." } },
        _ => html! { p #refused { (USER_MESSAGE) } },
    };
    Page {
        content_type: "text/html; charset=utf-8",
        body: page(&content).into_string(),
    }
}

/// Browsers show this when they have no ticket, or may not use it here.
fn how_to_get_a_ticket() -> Markup {
    html! {
        h1 #no-ticket { "Your browser has no ticket for this page" }
        ul {
            li { "On a computer of the domain: lock the screen and unlock it, which gets tickets." }
            li { "On any other: " code { "kinit you@CORP.EXAMPLE.COM" } " in a terminal." }
            li {
                "The browser must be allowed to use them here: " code { "AuthServerAllowlist" } " in Chrome and Edge, "
                code { "network.negotiate-auth.trusted-uris" } " in Firefox."
            }
        }
    }
}

fn page(content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "adlib" }
                style { "body { font-family: sans-serif; max-width: 40em; margin: 3em auto; line-height: 1.5 }" }
            }
            body { (content) }
        }
    }
}
