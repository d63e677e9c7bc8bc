//! "Did you mean …?"

/// The sentence to append when `asked` is unknown: the nearest of what is known, if it is near. It begins with a space.
pub(crate) fn did_you_mean<'a>(asked: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let asked = asked.to_ascii_lowercase();
    let near = known
        .into_iter()
        .map(|name| {
            (
                strsim::jaro_winkler(&asked, &name.to_ascii_lowercase()),
                name,
            )
        })
        .filter(|(likeness, _)| *likeness > NEAR)
        .max_by(|(left, _), (right, _)| left.total_cmp(right));
    match near {
        Some((_, name)) => format!("; did you mean {name}?"),
        None => String::new(),
    }
}

/// One letter left out, doubled or swapped is nearer than this, another word is not.
const NEAR: f64 = 0.85;

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        let known = ["get_medication", "get_medications", "get_problems"];
        let check = |asked, expected: &str| assert_eq!(did_you_mean(asked, known), expected);
        check("get_medicatons", "; did you mean get_medications?");
        check("get_probelms", "; did you mean get_problems?");
        check("GET_PROBLEM", "; did you mean get_problems?");
        check("delete_everything", "");
    }
}
