//! The people who can log in to the container, and the records that each may open.

use std::collections::{BTreeMap, BTreeSet};

use subtle::ConstantTimeEq;

/// A person with a login.
///
/// The e-mail address is the user id of every call with a `{user_id}` in its path.
#[derive(Clone)]
pub struct Account {
    pub(crate) email: String,
    /// Without one, the account cannot log in.
    password: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) role: Option<String>,
    records: Option<BTreeSet<String>>,
}

impl Account {
    /// Creates an account that may open every record. It can log in once it has a
    /// [`password`](Self::password).
    pub fn new(email: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            password: None,
            given_name: None,
            family_name: None,
            department: None,
            role: None,
            records: None,
        }
    }

    /// Sets the password.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets the given name.
    #[must_use]
    pub fn given_name(mut self, name: impl Into<String>) -> Self {
        self.given_name = Some(name.into());
        self
    }

    /// Sets the family name.
    #[must_use]
    pub fn family_name(mut self, name: impl Into<String>) -> Self {
        self.family_name = Some(name.into());
        self
    }

    /// Sets the department in which the person works.
    #[must_use]
    pub fn department(mut self, department: impl Into<String>) -> Self {
        self.department = Some(department.into());
        self
    }

    /// Sets the role of the person in the department.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = Some(role.into());
        self
    }

    /// Limits the account to these records.
    #[must_use]
    pub fn only_records(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.records = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// The e-mail address.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Whether the person may open this record, and so let an app read it.
    pub(crate) fn may_open(&self, record_id: &str) -> bool {
        self.records
            .as_ref()
            .is_none_or(|records| records.contains(record_id))
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

/// All accounts, by e-mail address.
#[derive(Debug, Default)]
pub(crate) struct Accounts(BTreeMap<String, Account>);

impl Accounts {
    /// The account that the tutorials log in with.
    pub(crate) fn demo() -> Self {
        let mut accounts = Self::default();
        accounts.add(
            Account::new("demouser@smartplatforms.org")
                .password("password")
                .given_name("Demo")
                .family_name("User")
                .department("Development")
                .role("tester"),
        );
        accounts
    }

    pub(crate) fn add(&mut self, account: Account) {
        self.0.insert(account.email.clone(), account);
    }

    pub(crate) fn get(&self, email: &str) -> Option<&Account> {
        self.0.get(email)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Account> {
        self.0.values()
    }

    /// The account with this address, if the password is right.
    pub(crate) fn log_in(&self, email: &str, password: &str) -> Option<&Account> {
        let account = self.get(email)?;
        let matches: bool = account
            .password
            .as_ref()?
            .as_bytes()
            .ct_eq(password.as_bytes())
            .into();
        matches.then_some(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_opens_an_account() {
        let accounts = Accounts::demo();
        let account = accounts
            .log_in("demouser@smartplatforms.org", "password")
            .unwrap();
        assert_eq!(account.given_name.as_deref(), Some("Demo"));
        assert!(
            accounts
                .log_in("demouser@smartplatforms.org", "passwort")
                .is_none()
        );
        assert!(accounts.log_in("demouser@smartplatforms.org", "").is_none());
        assert!(accounts.log_in("nobody@example.org", "password").is_none());
    }

    #[test]
    fn an_account_without_a_password_cannot_log_in() {
        let mut accounts = Accounts::default();
        accounts.add(Account::new("a@example.org"));
        assert!(accounts.log_in("a@example.org", "").is_none());
    }

    #[test]
    fn an_account_can_be_limited_to_some_records() {
        assert!(Account::new("a@example.org").may_open("7"));
        let limited = Account::new("a@example.org").only_records(["1", "2"]);
        assert!(limited.may_open("1"));
        assert!(!limited.may_open("7"));
    }

    #[test]
    fn debug_output_hides_the_password() {
        let text = format!(
            "{:?}",
            Account::new("a@example.org").password("hidden-word")
        );
        assert!(!text.contains("hidden-word"), "{text}");
    }
}
