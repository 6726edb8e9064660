package worktime

// austrian are the holidays of Austria: Arbeitsruhegesetz § 7(2). Good Friday is none since
// 2019, and was one for some people only before.
var austrian = yearly("AT", "01-01", "01-06", "easter+1", "05-01", "easter+39", "easter+50", "easter+60", "08-15", "10-26", "11-01", "12-08", "12-25", "12-26")

// french are the holidays of France: Code du travail L3133-1; those of Alsace and Moselle
// L3134-13.
var french = append(
	yearly("FR", "01-01", "easter+1", "05-01", "05-08", "easter+39", "easter+50", "07-14", "08-15", "11-01", "11-11", "12-25"),
	yearly("FR-ALSACE", "easter-2", "12-26")...)

func yearly(where string, days ...string) []holiday {
	var all []holiday
	for _, when := range days {
		all = append(all, holiday{where: where, when: when})
	}
	return all
}
