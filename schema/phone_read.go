package schema

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

var (
	// extensionWords are what people write before an extension, in the languages of
	// Europe and of the systems that export contacts.
	extensionForm = regexp.MustCompile(`(?i)^(.*[\d)])[\s,;:/.\-–(\[]*(?:` + strings.Join([]string{
		"extension", "extn?", "x", "apparate?", "app", "durchwahl", "durchw", "dw", "nebenstelle", "nebenst", "nst", "klappe", "kl",
		"intern[oae]?", "int", "poste", "toestel", "tst", "doorkiesnummer", "anexo", "ramal", "wewn[eę]trzny", "wewn?", "linka", "klapka",
		"mell[eé]k", "ankn(?:ytning)?", "lokal(?:nr)?", "доб(?:авочный)?", "вн(?:утр)?", "#",
	}, "|") + `)(?:[\s.:\-]*(?:nr|no|nummer|number))?[\s.:=#\-–]*(\d{1,9})[\s)\].]*$`)
	phoneLabel   = regexp.MustCompile(`^[^\d+(]*`)                  // "Tel.: "
	phoneRemark  = regexp.MustCompile(`\s*[(\[][^\d()\[\]]*[)\]]$`) // " (private)"
	phoneDigits  = regexp.MustCompile(`^\(?\+?[\d\s().\-–—‐‑−~/\[\]]+$`)
	phoneVanity  = regexp.MustCompile(`^\(?(\+?1[\s.-]*)?\(?\d{3,5}\)?[\s.-]*[A-Z]{3,}(-[A-Z]+)*$`)
	anotherShort = regexp.MustCompile(`(?:\d\D*){7,}/\D*\d{1,3}\D*$`) // 030 1234567/68: two numbers
)

// readPhone understands a number as people type it, by the plan of the region. It
// returns "" for what is not surely one number: a stranger's is worse than none.
func readPhone(typed, region string) (e164, extension string) {
	text := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return '0' + rune(digitOf(r))
		} else if r == '＋' {
			return '+'
		}
		return r
	}, typed)
	if m := extensionForm.FindStringSubmatch(text); m != nil {
		text, extension = m[1], m[2]
	}
	text = phoneRemark.ReplaceAllString(strings.TrimSpace(text), "")
	text = phoneLabel.ReplaceAllString(text, "")
	switch {
	case anotherShort.MatchString(text):
		return "", extension
	case phoneVanity.MatchString(text):
		return vanity(text, region), extension
	case !phoneDigits.MatchString(text):
		return "", extension
	}
	return surely(text, region), extension
}

// surely returns the number that digits mean, if they can hardly mean another one.
func surely(text, region string) string {
	number, err := phonenumbers.ParseAndKeepRawInput(text, region)
	if err != nil {
		number = nil
	}
	if number != nil && number.GetCountryCodeSource() != phonenumbers.PhoneNumber_FROM_DEFAULT_COUNTRY {
		return valid(number)
	}
	if strings.Contains(text, "+") {
		return ""
	}
	digits := phonenumbers.NormalizeDigitsOnly(text)
	abroad, err := phonenumbers.Parse("+"+digits, "")
	international := ""
	if err == nil {
		international = valid(abroad)
	}
	national := ""
	if number != nil {
		national = valid(number)
	}
	asWritten := national != "" && writtenAs(number, digits, region)
	own := international != "" && int(abroad.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(region)
	switch {
	case asWritten && (international == "" || international == national || strings.HasPrefix(digits, prefixOf(region))):
		return national
	case !asWritten && own:
		return international // only the plus is missing
	case !asWritten && international == "" && len(digits) >= 9 && phonenumbers.GetNumberType(number) == phonenumbers.MOBILE:
		return national // a spreadsheet has taken the zero off; no local number is that long
	}
	return ""
}

// writtenAs says whether people of the region write a national number with these
// digits.
func writtenAs(number *phonenumbers.PhoneNumber, digits, region string) bool {
	prefix, significant := prefixOf(region), phonenumbers.GetNationalSignificantNumber(number)
	return digits == phonenumbers.NormalizeDigitsOnly(phonenumbers.Format(number, phonenumbers.NATIONAL)) ||
		prefix != "" && digits == prefix+significant
}

// prefixOf is what is dialed before a national number, such as 0.
func prefixOf(region string) string { return phonenumbers.GetNddPrefixForRegion(region, true) }

// vanity reads a number with a word, which only such services have: of any other,
// the letters are a remark.
func vanity(text, region string) string {
	number, err := phonenumbers.ParseAndKeepRawInput(text, region)
	if err != nil {
		return ""
	}
	digits := phonenumbers.NormalizeDigitsOnly(phonenumbers.ConvertAlphaCharactersInNumber(text))
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.UAN:
		if strings.Contains(text, "+") || writtenAs(number, digits, region) {
			return valid(number)
		}
	}
	return ""
}

func valid(number *phonenumbers.PhoneNumber) string {
	if !phonenumbers.IsValidNumber(number) {
		return ""
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

// regionOf is the country by whose plan a number is one; "" for none.
func regionOf(e164 string) string {
	number, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(number)
}

// digitOf is the value of a digit of any script.
func digitOf(r rune) int {
	zero := r
	for unicode.IsDigit(zero-1) && r-zero < 9 {
		zero--
	}
	return int(r - zero)
}
