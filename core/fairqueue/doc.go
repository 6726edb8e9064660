// Package fairqueue shares what runs at a time between keys, so that no key gets
// slower because another one asks for much. It knows neither requests nor
// records, and bounds no memory.
//
// It is start-time fair queueing (P. Goyal, H. Vin, H. Cheng: Start-time Fair
// Queueing, SIGCOMM 1996), after A. Demers, S. Keshav, S. Shenker: Analysis and
// Simulation of a Fair Queueing Algorithm, SIGCOMM 1989. Each request gets a
// start on a clock that only moves with what is begun: where its key has come
// to with what it cost before, or now if that is later. The earliest start is
// next. What took longer than its cost said is charged afterwards.
package fairqueue
