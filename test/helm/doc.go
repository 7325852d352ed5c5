// Package helm proves that what the product makes of its chart is what Helm makes of it.
//
// Helm is no part of the product, and this package no part of its module: `make test` tests it in its own.
package helm
