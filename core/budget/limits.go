package budget

// Limits are how many bytes may be held. A limit of 0 is none.
type Limits struct {
	Request int64 // by one request
	Key     int64 // by the requests of one key
	Server  int64 // by all of them
}

// For are the limits of a server that may use this much memory. All requests
// together hold a quarter of it, since what is not counted, and what the garbage
// collector has not seen to yet, takes about as much again: that leaves half. A
// key holds a third of all, so that no two of them keep out the others, and a
// request half of its key's.
func For(memory int64) Limits {
	all := memory / 4
	return Limits{Request: min(all/6, MaxRequest), Key: all / 3, Server: all}
}

// MaxRequest is twice the largest answer that there is.
const MaxRequest = 128 << 20
