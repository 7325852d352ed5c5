// Package prometheus proves that alerts and dashboard mean to Prometheus what they shall: every rule and query is one, by its own
// parser; every metric and label in them is told by an operator that has just executed the runs of the demo; every alert fires
// when it shall, and none while that operator does well.
//
// Prometheus is no part of the product, and this package no part of its module: `make monitoring` tests it in its own.
package prometheus
