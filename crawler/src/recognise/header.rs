//! Words of a column name: `customerEmail`, `CUSTOMER_E-MAIL` and `kunden.e_mail` say the same.

/// Splits a header into lower-case words at punctuation, case changes and between letters and digits.
pub(super) fn words(header: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = header.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|j| chars[j]);
        let hump = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase() || (b.is_uppercase() && chars.get(i + 1).is_some_and(|n| n.is_lowercase()))
            });
        let turn = before
            .is_some_and(|b| b.is_alphanumeric() && c.is_alphanumeric() && b.is_numeric() != c.is_numeric());
        if (hump || turn || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn spellings_of_a_header_agree() {
        for header in [
            "customer_email",
            "customerEmail",
            "CustomerEmail",
            "CUSTOMER-EMAIL",
            "customer.email",
            " Customer Email ",
        ] {
            assert_eq!(words(header), ["customer", "email"], "{header}");
        }
        assert_eq!(words("IPAddress2"), ["ip", "address", "2"]);
        assert_eq!(words("Straße"), ["straße"]);
        assert!(words("__").is_empty());
    }
}
