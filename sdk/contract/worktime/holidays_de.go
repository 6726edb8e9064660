package worktime

// states are those of Germany. DE alone has what all of them have.
var states = []string{
	"DE-BB", "DE-BE", "DE-BW", "DE-BY", "DE-HB", "DE-HE", "DE-HH", "DE-MV", "DE-NI", "DE-NW", "DE-RP", "DE-SH", "DE-SL", "DE-SN", "DE-ST", "DE-TH",
}

// german are the holidays of Germany. 3 October is one by the Unification Treaty, Art.
// 2(2); all others are by the laws of the states on Sundays and holidays: FTG BW § 1, BayFTG
// Art. 1, FeiertG BE § 1, FTG BB § 2, BremFeiertG § 2, HmbFeiertagsG § 1, HFeiertagsG § 1, FTG
// M-V § 2, NFeiertagsG § 2, Feiertagsgesetz NW § 2, LFtG RP § 2, SFG SL § 2, SächsSFG § 1, FeiertG LSA
// § 2, SFTG SH § 2, ThürFtG § 2. What only some places of a state have (Corpus Christi in Saxony
// and Thuringia) a site writes into its calendar.
var german = []holiday{
	{where: "DE", when: "01-01"},
	{where: "DE", when: "easter-2"},
	{where: "DE", when: "easter+1"},
	{where: "DE", when: "05-01"},
	{where: "DE", when: "easter+39"},
	{where: "DE", when: "easter+50"},
	{where: "DE", when: "10-03"},
	{where: "DE", when: "12-25"},
	{where: "DE", when: "12-26"},

	{where: "DE-BW DE-BY DE-ST", when: "01-06"},
	{where: "DE-BB", when: "easter"},
	{where: "DE-BB", when: "easter+49"},
	{where: "DE-BW DE-BY DE-HE DE-NW DE-RP DE-SL", when: "easter+60"},
	{where: "DE-BY-AUGSBURG", when: "08-08"},                      // BayFTG Art. 1(2)
	{where: "DE-SL DE-BY-CATHOLIC DE-BY-AUGSBURG", when: "08-15"}, // in Bavaria where more Catholics live than Protestants: BayFTG Art. 1(1) no. 2
	{where: "DE-BW DE-BY DE-NW DE-RP DE-SL", when: "11-01"},
	{where: "DE-SN", when: "wed before 11-23"}, // all others gave it up in 1995

	{where: "DE-BE", when: "03-08", from: 2019}, // GVBl. BE 2019 p. 22
	{where: "DE-MV", when: "03-08", from: 2023}, // GVOBl. M-V 2022 p. 398
	{where: "DE-BE", when: "2020-05-08"},        // 75 years since the liberation: GVBl. BE 2019 p. 22
	{where: "DE-BE", when: "2025-05-08"},        // 80 years: FeiertG BE § 1(1)
	{where: "DE-BE", when: "2028-06-17"},        // 75 years since the uprising: FeiertG BE § 1(1)
	{where: "DE-TH", when: "09-20", from: 2019}, // ThürFtG § 2(1)

	{where: "DE-BB DE-MV DE-SN DE-ST DE-TH", when: "10-31"},
	{where: "DE-HB DE-HH DE-NI DE-SH", when: "10-31", from: 2018},
	{where: "DE", when: "2017-10-31"}, // 500 years of the Reformation, in all states
}
