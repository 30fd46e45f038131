/** What is not answered: a sentence for the person. */
export class Refusal extends Error {}
