/**
 * Broken parts, for the variants.
 *
 * @module
 */
