//! A call that is known only by name, as on a command line.

use crate::call::body::Body;
use crate::call::{Call, Prepared};
use crate::error::CallError;
use crate::info::CallInfo;

/// A call put together from names and texts.
///
/// ```
/// # use smart_api::{ApiBase, CallInfo, DynamicCall};
/// let info = CallInfo::by_name("get_medications").expect("the ontology has it");
/// let call = DynamicCall::new(info, [("record_id", "1288992"), ("limit", "10")], None)?;
/// let request = call.to_request()?.to_http(&ApiBase::parse("http://localhost:7000")?)?;
/// assert_eq!(request.uri(), "http://localhost:7000/records/1288992/medications/?limit=10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DynamicCall {
    info: &'static CallInfo,
    path_values: Vec<(&'static str, String)>,
    body: Option<Body>,
}

impl DynamicCall {
    /// Sorts parameters into path and query.
    ///
    /// # Errors
    ///
    /// A parameter is unknown, given twice, or missing from the path; the error lists what the call
    /// knows. Values are checked later, by [`Prepared::to_request`].
    pub fn new<N: AsRef<str>, V: Into<String>>(
        info: &'static CallInfo,
        parameters: impl IntoIterator<Item = (N, V)>,
        body: Option<Body>,
    ) -> Result<Prepared<Self>, CallError> {
        let mut path_values: Vec<(&'static str, String)> = Vec::new();
        let mut query: Vec<(&'static str, String)> = Vec::new();
        for (given, value) in parameters {
            let given = given.as_ref();
            let in_path = info
                .path_parameters
                .iter()
                .find(|parameter| parameter.name == given);
            let (name, values) = match (in_path, info.query_parameter(given)) {
                (Some(parameter), _) => (parameter.name, &mut path_values),
                (None, Some(parameter)) => (parameter.name, &mut query),
                (None, None) => return Err(unknown(info, given)),
            };
            if values.iter().any(|(earlier, _)| *earlier == name) {
                return Err(CallError::RepeatedParameter {
                    parameter: given.to_owned(),
                });
            }
            values.push((name, value.into()));
        }
        let is_given = |name| path_values.iter().any(|(given, _)| *given == name);
        if let Some(open) = info
            .path_parameters
            .iter()
            .find(|parameter| !is_given(parameter.name))
        {
            return Err(CallError::MissingParameter {
                parameter: open.name.to_owned(),
            });
        }
        let call = Prepared::new(Self {
            info,
            path_values,
            body,
        });
        Ok(query
            .into_iter()
            .fold(call, |call, (name, value)| call.with_query(name, value)))
    }
}

fn unknown(info: &'static CallInfo, given: &str) -> CallError {
    let path = info.path_parameters.iter().map(|parameter| parameter.name);
    let query = info.query_parameters.iter().map(|parameter| parameter.name);
    CallError::UnknownParameter {
        call: info.name,
        parameter: given.to_owned(),
        known: path.chain(query).collect(),
    }
}

impl Call for DynamicCall {
    fn info(&self) -> &'static CallInfo {
        self.info
    }

    fn path_values(&self) -> Vec<(&'static str, &str)> {
        self.path_values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }

    fn body(&self) -> Option<&Body> {
        self.body.as_ref()
    }
}
