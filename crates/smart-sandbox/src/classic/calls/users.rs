//! The people of the container, as graphs.

use bytes::Bytes;
use http::StatusCode;
use smart_api::calls::SearchUsers;
use smart_api::vocab::sp;
use smart_rdf::vocab::{foaf, rdf};
use smart_rdf::{Literal, NamedNode, NamedNodeRef, Term, Triple};

use crate::classic::calls::graph_reply;
use crate::classic::calls::search::asked;
use crate::classic::oauth::authenticate::Authenticated;
use crate::classic::state::ContainerState;
use crate::form::encode;
use crate::records::accounts::Account;
use crate::web::context::RequestContext;
use crate::web::reply::{self, Reply};

/// The type that containers really send; the ontology calls it `sp:User`. Both are given.
const LOWER_CASE_USER: NamedNodeRef<'static> =
    NamedNodeRef::new_unchecked("http://smartplatforms.org/terms#user");

/// One user by e-mail address.
pub(crate) fn one(
    container: &ContainerState,
    request: &RequestContext<'_>,
    _who: &Authenticated,
) -> Reply {
    match container.accounts.get(request.parameter("user_id")) {
        Some(account) => graph_reply(&triples(container, account).into_iter().collect()),
        None => reply::bare(StatusCode::NOT_FOUND, Bytes::new()),
    }
}

/// All users whose names contain the given parts, in any case. Containers and the ontology name the
/// parameters differently; both names are read.
pub(crate) fn search(
    container: &ContainerState,
    request: &RequestContext<'_>,
    _who: &Authenticated,
) -> Reply {
    let asked = |name| asked(SearchUsers::INFO, &request.query, name);
    let given = asked("given_name");
    let family = asked("family_name");
    let department = asked("department");
    let role = asked("role");
    let contains = |value: &Option<String>, part: &Option<String>| {
        part.as_ref().is_none_or(|part| {
            value
                .as_deref()
                .unwrap_or_default()
                .to_lowercase()
                .contains(part)
        })
    };
    let hits = container.accounts.iter().filter(|account| {
        contains(&account.given_name, &given)
            && contains(&account.family_name, &family)
            && contains(&account.department, &department)
            && contains(&account.role, &role)
    });
    graph_reply(
        &hits
            .flat_map(|account| triples(container, account))
            .collect(),
    )
}

fn triples(container: &ContainerState, account: &Account) -> Vec<Triple> {
    // An address may hold characters that no IRI can, unlike the raw `@` that every client expects.
    let id = encode(account.email()).replace("%40", "@");
    let subject = NamedNode::new_unchecked(format!("{}/users/{id}", container.address.base()));
    let fact = |property: NamedNodeRef<'_>, value: Term| {
        Triple::new(subject.clone(), property.into_owned(), value)
    };
    let text = |value: &str| Term::from(Literal::new_simple_literal(value));
    let mut triples = vec![
        fact(rdf::TYPE, sp::class::USER.into_owned().into()),
        fact(rdf::TYPE, LOWER_CASE_USER.into_owned().into()),
        fact(
            foaf::GIVEN_NAME,
            text(account.given_name.as_deref().unwrap_or("?")),
        ),
        fact(
            foaf::FAMILY_NAME,
            text(account.family_name.as_deref().unwrap_or("?")),
        ),
        fact(foaf::MBOX, text(&format!("mailto:{}", account.email()))),
    ];
    triples.extend(
        account
            .department
            .as_deref()
            .map(|department| fact(sp::DEPARTMENT, text(department))),
    );
    triples.extend(
        account
            .role
            .as_deref()
            .map(|role| fact(sp::ROLE, text(role))),
    );
    triples
}
