/** A file of the bundled samples; a library that holds it is offered the questions about them. */
export const SAMPLE_FILE = 'Small boat glossary.txt';
